//! What happens because time has passed.

use super::turn::Turn;
use crate::{Execution, Playbook};
use protocol::{TaskError, Timestamp};

/// When a tick is due if nothing comes before. `None`: only an input from outside moves the execution on.
pub fn wake_at(playbook: &Playbook, execution: &Execution) -> Option<Timestamp> {
    let waits = execution.is_in_progress().then(|| execution.deadline()).flatten();
    waits.into_iter().chain(end_of_time(playbook, execution)).min()
}

/// When the execution has taken as long as it may.
fn end_of_time(playbook: &Playbook, execution: &Execution) -> Option<Timestamp> {
    let begun = execution.started_at().filter(|_| execution.is_in_progress())?;
    Some(begun.plus_ms(playbook.timeout_ms()?))
}

impl Turn<'_> {
    /// Ends the execution if it has taken as long as it may; true when it did.
    pub(crate) fn time_out(&mut self) -> bool {
        let is_over = end_of_time(self.playbook, &self.state).is_some_and(|end| end <= self.now);
        if is_over {
            let seconds = self.playbook.timeout_ms().unwrap_or_default() as f64 / 1_000.0;
            let message = format!(
                "the execution did not end within the {seconds} s of its playbook's `timeout_s`; what ran was stopped"
            );
            self.fail_execution(TaskError::new("execution_timeout", message));
        }
        is_over
    }
}
