//! What people's commands are answered when they cannot be carried out.

use super::Input;
use crate::{Execution, Playbook};
use protocol::{Phase, TaskError};

/// Why a command of a person cannot be carried out now, if it cannot; whoever sent it is told this, and nothing is
/// evaluated. `None` for every input that is not a person's.
pub fn refusal(_playbook: &Playbook, execution: &Execution, input: &Input) -> Option<TaskError> {
    match (execution.phase(), input) {
        (
            Phase::Completed,
            Input::Signal { .. }
            | Input::Pause { .. }
            | Input::Resume { .. }
            | Input::Cancel { .. }
            | Input::Terminate { .. },
        ) => Some(TaskError::new("already_ended", format!("execution `{}` has ended already", execution.id()))),
        _ => None,
    }
}
