//! What people tell executions that are under way: cancel, terminate.

use super::Api;
use crate::driver::Message;
use engine::Input;
use protocol::{ExecutionId, Outcome, Problem, api::ExecutionDetail};

/// The engine's answer to whatever is told to an execution that has ended.
const ENDED: &str = "already_ended";

impl Api {
    /// Cancels an execution: what runs and has steps for that goes on there, everything else is stopped. Cancelling
    /// twice is no error.
    ///
    /// # Errors
    /// 404 when there is none, 409 `already_ended` when it has ended otherwise.
    pub async fn cancel(&self, id: ExecutionId, reason: Option<String>, by: &str) -> Result<ExecutionDetail, Problem> {
        let input = Input::Cancel { reason: or_requested(reason), by: by.to_owned() };
        self.end(id, input).await
    }

    /// Ends an execution at once, as cancelled; no step for a cancellation runs. Terminating what was cancelled is
    /// no error.
    ///
    /// # Errors
    /// As [`Api::cancel`].
    pub async fn terminate(
        &self,
        id: ExecutionId,
        reason: Option<String>,
        by: &str,
    ) -> Result<ExecutionDetail, Problem> {
        let input = Input::Terminate { reason: or_requested(reason), by: by.to_owned() };
        self.end(id, input).await
    }

    async fn end(&self, id: ExecutionId, input: Input) -> Result<ExecutionDetail, Problem> {
        match self.carry_out(id, input).await {
            Err(problem) if problem.code == ENDED => {
                let detail = self.execution(id).await?;
                if detail.summary.outcome == Some(Outcome::Cancelled) { Ok(detail) } else { Err(problem) }
            }
            other => other,
        }
    }

    /// Tells an execution something; the decision is durable when this returns.
    async fn carry_out(&self, id: ExecutionId, input: Input) -> Result<ExecutionDetail, Problem> {
        self.shared.driver.ask(|reply| Message::Tell { id, input, reply }).await?;
        self.execution(id).await
    }
}

fn or_requested(reason: Option<String>) -> String {
    reason.filter(|reason| !reason.trim().is_empty()).unwrap_or_else(|| "requested".to_owned())
}
