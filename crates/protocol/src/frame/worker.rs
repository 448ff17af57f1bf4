//! The frames of worker processes: connections that asked for the subprotocol [`SUBPROTOCOL`].

use crate::{
    TaskKey, TaskReport,
    task::{Lease, Logs},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a worker asks for in `Sec-WebSocket-Protocol`. Such a connection may send larger messages, and only such a
/// one may join.
pub const SUBPROTOCOL: &str = "signalbox.worker";

/// Protocols whose tasks are the server's own, whoever asks: what `secrets` steps come to is in the server and nowhere
/// else, and `playbook` tasks end as their child executions do.
pub const SERVERS_OWN: [&str; 2] = ["playbook", "secrets"];

/// What a worker sends, besides what every client may.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum FromWorker {
    /// The first of them; answered with `worker_joined`.
    #[serde(rename = "worker_join")]
    Join(WorkerJoin),
    /// Answered with `worker_reported` when all of it is durable. What is not answered is sent again over the next
    /// connection: a report counts once.
    #[serde(rename = "worker_reports")]
    Reports(WorkerReports),
    #[serde(rename = "worker_heartbeat")]
    Heartbeat(WorkerHeartbeat),
    /// No new tasks, please; answered with `worker_draining`. What runs is finished and reported.
    #[serde(rename = "worker_drain")]
    Drain(WorkerDrain),
}

/// Who joins, and what it can do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkerJoin {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// What people call it; the server makes it unique.
    pub name: String,
    /// The protocols it takes tasks of: `python`, `http` …
    pub protocols: Vec<String>,
    /// Tasks at once.
    pub concurrency: u32,
    /// Of one protocol, fewer at once than `concurrency`. A protocol named here has places of its own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub concurrency_of: BTreeMap<String, u32>,
    /// Of the worker's program, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// What it still runs from an earlier connection. If the server hands one of these out to it again, it is not
    /// sent: it runs already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskKey>,
}

/// Tasks that came to an end, or will not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkerReports {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    #[serde(default)]
    pub reports: Vec<TaskReport>,
    /// Given back without an end: stopped because the server said so, or because the worker leaves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub released: Vec<TaskKey>,
}

/// A sign of life: of the worker, and of each task named.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkerHeartbeat {
    /// Everything that runs, or waits here to be run.
    #[serde(default)]
    pub tasks: Vec<TaskKey>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub progress: Vec<TaskNote>,
}

/// The worker is about to leave.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkerDrain {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
}

/// What a running task tells of itself. Never stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskNote {
    pub key: TaskKey,
    /// 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What it wrote since the note before. The report has the logs that are kept.
    #[serde(default, skip_serializing_if = "Logs::is_empty")]
    pub logs: Logs,
}

/// What a worker is sent, besides what every client is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum ToWorker {
    #[serde(rename = "worker_joined")]
    Joined {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
        /// What events name as the worker of its tasks.
        worker: String,
        /// Unheard of for this long, it counts as gone and its tasks are given to others.
        lease_ms: u64,
        /// How often to be heard of.
        heartbeat_ms: u64,
    },
    /// Tasks to run. Each occupies a place until it is reported or released.
    #[serde(rename = "worker_tasks")]
    Tasks { leases: Vec<Lease> },
    /// Every report of the frame with this id is durable, recorded as late, or of no interest any more: it can be
    /// forgotten.
    #[serde(rename = "worker_reported")]
    Reported {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
        settled: Vec<TaskKey>,
    },
    /// These are not wanted any more: stop and release them. A report of one changes nothing.
    #[serde(rename = "worker_cancel")]
    Cancel { tasks: Vec<TaskKey> },
    /// No `worker_tasks` follows.
    #[serde(rename = "worker_draining")]
    Draining {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
    },
}
