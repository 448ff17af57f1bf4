//! What the driver has in hand, for whoever looks for work that does not move.

use super::Driver;
use protocol::TaskKey;
use std::collections::HashSet;

impl Driver {
    /// Those of these tasks that are nowhere here: nothing will begin them, nor hear of their end.
    pub(super) fn unknown(&self, keys: Vec<TaskKey>) -> Vec<TaskKey> {
        let children = self.children.waiting.values().map(|task| &task.key);
        let about_to = self.starts.iter().map(|start| &start.task.key);
        let in_hand: HashSet<&TaskKey> = children.chain(about_to).collect();
        let is_moving = |key: &TaskKey| {
            let slot = self.slots.get(&key.execution_id);
            slot.is_some_and(|slot| slot.in_flight.is_some() || slot.reloading || !slot.mailbox.is_empty())
        };
        let is_known =
            |key: &TaskKey| is_moving(key) || in_hand.contains(key) || self.pools.has(key) || self.timers.holds(key);
        keys.into_iter().filter(|key| !is_known(key)).collect()
    }
}
