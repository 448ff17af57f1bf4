//! Ids of child executions: known before the child is, so that starting it twice meets itself.

use protocol::{ExecutionId, TaskKey, Timestamp};
use sha2::{Digest, Sha256};

/// The id of the execution that a `playbook` task starts. The same for the same task, always; shaped as a UUIDv7
/// (RFC 9562) with the parent's time, so that it sorts among the others, and bits of a hash of the key for the rest.
pub fn child_id(task: &TaskKey, parent_created_at: Timestamp) -> ExecutionId {
    let hash = Sha256::digest(task.to_string());
    let mut bits = [0; 10];
    bits.copy_from_slice(&hash[..10]);
    let millis = u64::try_from(parent_created_at.0).unwrap_or_default();
    ExecutionId(uuid::Builder::from_unix_timestamp_millis(millis, &bits).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::TaskPart;
    use uuid::Uuid;

    #[test]
    fn the_same_task_has_one_child_and_others_have_others() {
        let key = |step: &str, attempt, item| TaskKey {
            execution_id: ExecutionId(Uuid::from_u128(7)),
            step: step.to_owned(),
            visit: 1,
            attempt,
            part: TaskPart::Action,
            item,
        };
        let time = Timestamp(1_700_000_000_000);
        let id = child_id(&key("a", 1, None), time);
        assert_eq!(id, child_id(&key("a", 1, None), time));
        assert_eq!(id.0.get_version_num(), 7);
        assert_eq!(id.0.get_timestamp().map(|t| t.to_unix().0), Some(1_700_000_000));
        for other in [key("b", 1, None), key("a", 2, None), key("a", 1, Some(0)), key("a", 1, Some(1))] {
            assert_ne!(id, child_id(&other, time), "{other}");
        }
    }
}
