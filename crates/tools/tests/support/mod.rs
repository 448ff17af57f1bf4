//! Tasks for providers, as the engine would make them.
#![allow(dead_code, reason = "each test file uses its part")]

use protocol::{
    ExecutionId, Task, TaskError, TaskKey, TaskPart,
    task::{Credentials, Logs, TaskOutcome},
};
use serde_json::Value;
use std::{path::Path, sync::Arc, time::Duration};
use tools::ToolsConfig;
use worker::{Cancelled, Provider, Run};

/// Far longer than anything here takes; a test that meets it hangs.
pub(crate) const LONG: u64 = 60_000;

pub(crate) fn task(protocol: &str, config: Value, input: Value) -> Task {
    Task {
        key: TaskKey {
            execution_id: ExecutionId(uuid::Uuid::now_v7()),
            step: "step".to_owned(),
            visit: 1,
            attempt: 1,
            part: TaskPart::Action,
            item: None,
        },
        protocol: protocol.to_owned(),
        config: Arc::new(config),
        input: Arc::new(input),
        timeout_ms: LONG,
        heartbeat_ms: None,
        priority: 0,
        credentials: Credentials::default(),
    }
}

/// Runs without ever cancelling.
pub(crate) async fn run(provider: &dyn Provider, task: Task) -> Run {
    let (_switch, cancelled) = Cancelled::pair();
    provider.run(task, cancelled).await
}

pub(crate) fn config(data: &Path) -> ToolsConfig {
    ToolsConfig::new(data)
}

#[track_caller]
pub(crate) fn result(run: &Run) -> &Value {
    match &run.outcome {
        TaskOutcome::Completed { result } => result,
        TaskOutcome::Failed { error, .. } => {
            panic!("{} {}\n{:?}\n{:?}", error.code, error.message, error.details, run.logs)
        }
    }
}

#[track_caller]
pub(crate) fn error(run: &Run) -> &TaskError {
    match &run.outcome {
        TaskOutcome::Failed { error, .. } => error,
        TaskOutcome::Completed { result } => panic!("completed with {result}"),
    }
}

pub(crate) fn failed_result(run: &Run) -> Option<&Value> {
    match &run.outcome {
        TaskOutcome::Failed { result, .. } => result.as_deref(),
        TaskOutcome::Completed { .. } => None,
    }
}

pub(crate) fn logs(run: &Run) -> &Logs {
    &run.logs
}

/// Looks again and again until `found` is true; fails after a minute.
pub(crate) async fn until(what: &str, mut found: impl FnMut() -> bool) {
    let looking = async {
        while !found() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_millis(LONG), looking).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// Whether a process exists and is no zombie.
pub(crate) fn is_alive(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
}
