//! The frames of workers are a contract: other languages speak them.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use protocol::{
    Envelope, Event, EventId, ExecutionId, Task, TaskError, TaskKey, TaskPart, TaskReport, Timestamp, Topic, TopicKind,
    event::TaskProgress,
    frame::{
        FromWorker, ToWorker,
        worker::{TaskNote, WorkerDrain, WorkerHeartbeat, WorkerJoin, WorkerReports},
    },
    task::{Credentials, Lease, Logs, TaskOutcome},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{fmt::Debug, sync::Arc};
use uuid::Uuid;

fn key() -> TaskKey {
    TaskKey {
        execution_id: ExecutionId(Uuid::from_u128(9)),
        step: "greet".into(),
        visit: 1,
        attempt: 2,
        part: TaskPart::Action,
        item: None,
    }
}

fn key_json() -> Value {
    json!({"execution_id": "00000000-0000-0000-0000-000000000009", "step": "greet", "visit": 1, "attempt": 2})
}

fn task() -> Task {
    Task {
        key: key(),
        protocol: "http".into(),
        config: Arc::new(json!({"endpoint": "http://a"})),
        input: Arc::new(json!({"n": 1})),
        timeout_ms: 1_000,
        heartbeat_ms: Some(500),
        priority: 0,
        credentials: Credentials([("pg".to_owned(), Arc::new(json!({"password": "hunter2"})))].into()),
    }
}

#[track_caller]
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(frame: T, expect: Value) {
    assert_eq!(serde_json::to_value(&frame).unwrap(), expect);
    assert_eq!(serde_json::from_value::<T>(expect).unwrap(), frame);
}

#[test]
fn what_a_worker_sends() {
    let join = WorkerJoin {
        id: Some(json!(1)),
        name: "gpu".into(),
        protocols: vec!["python".into(), "http".into()],
        concurrency: 16,
        concurrency_of: [("python".to_owned(), 4)].into(),
        version: "0.1.0".into(),
        tasks: Vec::new(),
    };
    check(
        FromWorker::Join(join),
        json!({"type": "worker_join", "id": 1, "name": "gpu", "protocols": ["python", "http"], "concurrency": 16,
               "concurrency_of": {"python": 4}, "version": "0.1.0"}),
    );
    let completed = TaskReport {
        key: key(),
        outcome: TaskOutcome::Completed { result: Arc::new(json!({"ok": true})) },
        duration_ms: 12,
        logs: Logs { stdout: "hi\n".into(), ..Logs::default() },
    };
    let error = TaskError::new("http_status", "404");
    let failed = TaskReport {
        key: TaskKey { item: Some(3), part: TaskPart::Save, ..key() },
        outcome: TaskOutcome::Failed { error, result: None },
        duration_ms: 1,
        logs: Logs::default(),
    };
    let mut item = key_json();
    item["item"] = json!(3);
    item["part"] = json!("save");
    check(
        FromWorker::Reports(WorkerReports {
            id: Some(json!("r-1")),
            reports: vec![completed, failed],
            released: vec![key()],
        }),
        json!({"type": "worker_reports", "id": "r-1", "released": [key_json()], "reports": [
            {"key": key_json(), "outcome": "completed", "result": {"ok": true}, "duration_ms": 12,
             "logs": {"stdout": "hi\n"}},
            {"key": item, "outcome": "failed", "error": {"code": "http_status", "message": "404"}, "duration_ms": 1},
        ]}),
    );
    let note = TaskNote { key: key(), percent: Some(50.0), message: None, logs: Logs::default() };
    check(
        FromWorker::Heartbeat(WorkerHeartbeat { tasks: vec![key()], progress: vec![note] }),
        json!({"type": "worker_heartbeat", "tasks": [key_json()], "progress": [{"key": key_json(), "percent": 50.0}]}),
    );
    check(FromWorker::Drain(WorkerDrain::default()), json!({"type": "worker_drain"}));
}

#[test]
fn what_a_worker_is_sent() {
    check(
        ToWorker::Joined { id: Some(json!(1)), worker: "gpu:3f9a".into(), lease_ms: 15_000, heartbeat_ms: 5_000 },
        json!({"type": "worker_joined", "id": 1, "worker": "gpu:3f9a", "lease_ms": 15_000, "heartbeat_ms": 5_000}),
    );
    check(
        ToWorker::Tasks { leases: vec![task().into()] },
        json!({"type": "worker_tasks", "leases": [{
            "task": {"key": key_json(), "protocol": "http", "config": {"endpoint": "http://a"}, "input": {"n": 1},
                     "timeout_ms": 1_000, "heartbeat_ms": 500},
            "credentials": {"pg": {"password": "hunter2"}},
        }]}),
    );
    check(
        ToWorker::Reported { id: None, settled: vec![key()] },
        json!({"type": "worker_reported", "settled": [key_json()]}),
    );
    check(ToWorker::Cancel { tasks: vec![key()] }, json!({"type": "worker_cancel", "tasks": [key_json()]}));
    check(ToWorker::Draining { id: Some(json!(2)) }, json!({"type": "worker_draining", "id": 2}));
}

#[test]
fn credentials_travel_with_the_lease_and_nowhere_else() {
    let lease = Lease::from(task());
    assert!(lease.task.credentials.is_empty());
    assert!(!serde_json::to_string(&task()).unwrap().contains("hunter2"), "a task is stored and logged");
    assert!(!format!("{lease:?}").contains("hunter2"));
    assert_eq!(Task::from(lease), task());
}

#[test]
fn progress_is_seen_under_its_execution_and_never_durable() {
    let progress = TaskProgress {
        key: key(),
        worker: "gpu:3f9a".into(),
        percent: Some(12.5),
        message: Some("fetching".into()),
        logs: Logs::default(),
    };
    let envelope = Envelope {
        id: EventId(Uuid::from_u128(7)),
        position: None,
        time: Timestamp(1),
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        event: progress.into(),
    };
    let topics = [Topic::Execution(key().execution_id), Topic::All(TopicKind::Execution)];
    assert_eq!(Topic::of(&envelope), topics);
    assert_eq!(envelope.event.execution_id(), None, "it is in no execution's log");
    let data = json!({"execution_id": "00000000-0000-0000-0000-000000000009", "step": "greet", "visit": 1,
                      "attempt": 2, "worker": "gpu:3f9a", "percent": 12.5, "message": "fetching"});
    assert_eq!(serde_json::to_value(&envelope).unwrap()["data"], data);
    assert_eq!(Event::from_value("task_progress", data).unwrap(), envelope.event);
}
