//! What people tell executions that are under way: pause, resume, cancel, terminate, signal.

use super::Api;
use crate::driver::Message;
use engine::Input;
use protocol::{
    Action, ExecutionId, Outcome, Problem,
    api::{ExecutionDetail, SignalRequest},
};
use std::sync::Arc;

/// The engine's answer to whatever is told to an execution that has ended.
const ENDED: &str = "already_ended";
/// … and to a second cancellation, while the first cleans up.
const CANCELLED: &str = "already_cancelled";

impl Api {
    /// Cancels an execution: what runs and has steps for that goes on there, everything else is stopped. Cancelling
    /// twice is no error.
    ///
    /// # Errors
    /// 404 when there is none, 409 `already_ended` when it has ended otherwise.
    pub async fn cancel(&self, id: ExecutionId, reason: Option<String>) -> Result<ExecutionDetail, Problem> {
        let input = Input::Cancel { reason: or_requested(reason), by: self.by() };
        self.end(id, input).await
    }

    /// Ends an execution at once, as cancelled; no step for a cancellation runs. Terminating what was cancelled is
    /// no error.
    ///
    /// # Errors
    /// As [`Api::cancel`].
    pub async fn terminate(&self, id: ExecutionId, reason: Option<String>) -> Result<ExecutionDetail, Problem> {
        let input = Input::Terminate { reason: or_requested(reason), by: self.by() };
        self.end(id, input).await
    }

    /// Nothing new begins until it is resumed; what runs may end.
    ///
    /// # Errors
    /// 404 when there is none, 409 `already_paused`, `already_ended` or `not_started`.
    pub async fn pause(&self, id: ExecutionId, reason: Option<String>) -> Result<ExecutionDetail, Problem> {
        let input = Input::Pause { reason: or_requested(reason), by: self.by() };
        self.carry_out(id, input).await
    }

    /// What a pause held back goes on.
    ///
    /// # Errors
    /// 404 when there is none, 409 `not_paused`, `already_ended` or `not_started`.
    pub async fn resume(&self, id: ExecutionId) -> Result<ExecutionDetail, Problem> {
        self.carry_out(id, Input::Resume { by: self.by() }).await
    }

    /// Sends what a `wait` waits for, or will.
    ///
    /// # Errors
    /// 404 when there is no such execution; 409 when it takes none now; 422 `unknown_signal`, and `form_invalid` for
    /// an approval's answer.
    pub async fn signal(&self, id: ExecutionId, request: SignalRequest) -> Result<ExecutionDetail, Problem> {
        let SignalRequest { name, data } = request;
        let data = Arc::new(data.unwrap_or_default());
        self.carry_out(id, Input::Signal { name, visit: None, data, by: self.by() }).await
    }

    async fn end(&self, id: ExecutionId, input: Input) -> Result<ExecutionDetail, Problem> {
        match self.carry_out(id, input).await {
            Err(problem) if problem.code == CANCELLED => self.execution(id).await,
            Err(problem) if problem.code == ENDED => {
                let detail = self.execution(id).await?;
                if detail.summary.outcome == Some(Outcome::Cancelled) { Ok(detail) } else { Err(problem) }
            }
            other => other,
        }
    }

    /// Tells an execution something; the decision is durable when this returns.
    pub(super) async fn carry_out(&self, id: ExecutionId, input: Input) -> Result<ExecutionDetail, Problem> {
        self.require(Action::Run)?;
        self.shared.driver.ask(|reply| Message::Tell { id, input, reply }).await?;
        self.execution(id).await
    }
}

fn or_requested(reason: Option<String>) -> String {
    reason.filter(|reason| !reason.trim().is_empty()).unwrap_or_else(|| "requested".to_owned())
}
