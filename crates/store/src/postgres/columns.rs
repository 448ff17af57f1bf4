//! A commit's rows, ready to be sent as arrays, one per column.

use crate::sql::encode::{EventRow, ExecutionRow, Rows};
use protocol::{ExecutionId, Timestamp};

#[derive(Debug, Default)]
pub struct Columns {
    pub(super) events: Vec<EventRecord>,
    pub(super) adds: Vec<AddedTask>,
    pub(super) claims: Vec<ClaimedTask>,
    /// Keys.
    pub(super) settles: Vec<String>,
    pub(super) execution: Option<ExecutionRecord>,
    pub(super) input: Option<String>,
    pub(super) result: Option<String>,
    bytes: usize,
}

#[derive(Debug)]
pub(super) struct EventRecord {
    pub(super) id: String,
    pub(super) time: i64,
    pub(super) name: String,
    pub(super) execution_id: Option<String>,
    pub(super) version: Option<i64>,
    pub(super) subject: Option<String>,
    pub(super) correlation_id: Option<String>,
    pub(super) causation_id: Option<String>,
    pub(super) traceparent: Option<String>,
    pub(super) commit_id: Option<String>,
    pub(super) data: String,
}

#[derive(Debug)]
pub(super) struct AddedTask {
    pub(super) key: String,
    pub(super) protocol: String,
    pub(super) due: i64,
    pub(super) claimed_by: Option<String>,
    pub(super) task: String,
}

#[derive(Debug)]
pub(super) struct ClaimedTask {
    pub(super) key: String,
    pub(super) worker: String,
}

/// The execution after the commit.
#[derive(Debug)]
pub(super) struct ExecutionRecord {
    pub(super) id: String,
    pub(super) path: String,
    pub(super) playbook_version: i64,
    pub(super) state: &'static str,
    pub(super) step: Option<String>,
    pub(super) progress: f64,
    pub(super) created_at: i64,
    pub(super) ended_at: Option<i64>,
    pub(super) wake_at: Option<i64>,
    pub(super) error: Option<String>,
    pub(super) owner: Option<String>,
}

impl Rows for Columns {
    fn event(&mut self, row: &EventRow<'_>, data: String) {
        // The fixed columns take some 200 bytes.
        self.bytes += data.len() + 200;
        self.events.push(EventRecord {
            id: row.id.to_string(),
            time: row.time.0,
            name: row.name.to_owned(),
            execution_id: row.execution_id.map(|id| id.to_string()),
            version: row.version.map(u64::cast_signed),
            subject: row.subject.map(str::to_owned),
            correlation_id: row.correlation_id.map(str::to_owned),
            causation_id: row.causation_id.map(str::to_owned),
            traceparent: row.traceparent.map(str::to_owned),
            commit_id: row.commit_id.map(|id| id.to_string()),
            data,
        });
    }

    fn add_task(&mut self, key: String, protocol: &str, due: Timestamp, claimed_by: Option<&str>, task: String) {
        self.bytes += key.len() + task.len() + 50;
        let (protocol, claimed_by) = (protocol.to_owned(), claimed_by.map(str::to_owned));
        self.adds.push(AddedTask { key, protocol, due: due.0, claimed_by, task });
    }

    fn claim_task(&mut self, key: String, worker: &str) {
        self.bytes += key.len() + worker.len();
        self.claims.push(ClaimedTask { key, worker: worker.to_owned() });
    }

    fn settle_task(&mut self, key: String) {
        self.bytes += key.len();
        self.settles.push(key);
    }

    fn execution(&mut self, row: &ExecutionRow<'_>, error: Option<String>) {
        self.bytes += 200 + error.as_ref().map_or(0, String::len);
        self.execution = Some(ExecutionRecord {
            id: row.execution_id.to_string(),
            path: row.path.to_owned(),
            playbook_version: i64::from(row.playbook_version),
            state: row.state,
            step: row.step.map(str::to_owned),
            progress: row.progress,
            created_at: row.created_at.0,
            ended_at: row.ended_at.map(|time| time.0),
            wake_at: row.wake_at.map(|time| time.0),
            error,
            owner: row.owner.map(str::to_owned),
        });
    }

    fn execution_data(&mut self, _: ExecutionId, input: Option<String>, result: Option<String>) {
        self.bytes += input.as_ref().map_or(0, String::len) + result.as_ref().map_or(0, String::len);
        (self.input, self.result) = (input, result);
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
