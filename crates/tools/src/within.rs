//! Running something within a task's time, unless the task is cancelled first.

use protocol::{Task, TaskError};
use std::{future::Future, time::Duration};
use worker::Cancelled;

/// Why work was stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    TimedOut { after: Duration },
    Cancelled,
}

impl Stopped {
    /// `what` names the action: `the python code`, `GET http://…`.
    pub(crate) fn error(self, what: &str) -> TaskError {
        match self {
            Stopped::TimedOut { after } => TaskError::new(
                "timeout",
                format!(
                    "{what} was stopped after {} s: the step's time was up (`timeout_s` sets it)",
                    after.as_secs_f64()
                ),
            ),
            Stopped::Cancelled => TaskError::new("cancelled", format!("{what} was stopped: the task was cancelled")),
        }
    }
}

/// The time a task has.
pub(crate) fn time_of(task: &Task) -> Duration {
    Duration::from_millis(task.timeout_ms)
}

/// Runs `work`; gives up (and drops it) when `time` is over or the task is cancelled.
pub(crate) async fn within<T>(
    time: Duration,
    cancelled: &mut Cancelled,
    work: impl Future<Output = T>,
) -> Result<T, Stopped> {
    tokio::select! {
        biased;
        () = cancelled.wait() => Err(Stopped::Cancelled),
        done = work => Ok(done),
        () = tokio::time::sleep(time) => Err(Stopped::TimedOut { after: time }),
    }
}
