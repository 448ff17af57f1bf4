//! Tasks that wait for a place: by protocol in the order in which they go, and by their keys, so that each waits once
//! and none is here that nobody wants any more.

use protocol::{ExecutionId, Task, TaskKey, TaskPart};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// More urgent ones first, of those the ones that came first.
pub(super) type Order = (Reverse<i32>, u64);

#[derive(Default)]
pub(super) struct Waiting {
    queues: HashMap<String, BTreeMap<Order, Waiter>>,
    places: BTreeMap<TaskKey, (Order, Arc<Task>)>,
    /// Given to those who come, so that who came first has the smaller one.
    next: u64,
}

pub(super) struct Waiter {
    pub(super) task: Arc<Task>,
    /// Its claim is durable already.
    pub(super) claimed: bool,
}

impl Waiting {
    /// Puts a task at the end of its queue; false when it waits already. Whoever knows that it is claimed knows more.
    pub(super) fn insert(&mut self, task: Arc<Task>, claimed: bool) -> bool {
        if let Some((order, _)) = self.places.get(&task.key) {
            if let Some(waiter) = self.queues.get_mut(&task.protocol).and_then(|queue| queue.get_mut(order)) {
                waiter.claimed |= claimed;
            }
            return false;
        }
        self.next += 1;
        let order = (Reverse(task.priority), self.next);
        self.places.insert(task.key.clone(), (order, task.clone()));
        let waiter = Waiter { task, claimed };
        match self.queues.get_mut(&waiter.task.protocol) {
            Some(queue) => queue.insert(order, waiter),
            None => self.queues.entry(waiter.task.protocol.clone()).or_default().insert(order, waiter),
        };
        true
    }

    pub(super) fn has(&self, key: &TaskKey) -> bool {
        self.places.contains_key(key)
    }

    /// Nobody wants it any more. Nothing happens when it does not wait.
    pub(super) fn remove(&mut self, key: &TaskKey) {
        let Some((order, task)) = self.places.remove(key) else { return };
        if let Some(queue) = self.queues.get_mut(&task.protocol) {
            queue.remove(&order);
        }
    }

    /// Where the first of a protocol stands, if one waits.
    pub(super) fn first(&self, protocol: &str) -> Option<Order> {
        self.queues.get(protocol)?.first_key_value().map(|(order, _)| *order)
    }

    /// Takes out the first of a protocol.
    pub(super) fn pop(&mut self, protocol: &str) -> Option<Waiter> {
        let (_, waiter) = self.queues.get_mut(protocol)?.pop_first()?;
        self.places.remove(&waiter.task.key);
        Some(waiter)
    }

    pub(super) fn is_empty(&self, protocol: &str) -> bool {
        self.first(protocol).is_none()
    }

    /// Those of an execution.
    pub(super) fn of(&self, id: ExecutionId) -> Vec<TaskKey> {
        let (step, part) = (String::new(), TaskPart::Action);
        let first = TaskKey { execution_id: id, step, visit: 0, attempt: 0, part, item: None };
        let keys = self.places.range(first..).map(|(key, _)| key);
        keys.take_while(|key| key.execution_id == id).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::task::Credentials;
    use serde_json::Value;

    fn task(execution: u128, item: u32, protocol: &str, priority: i32) -> Arc<Task> {
        let execution_id = ExecutionId(uuid::Uuid::from_u128(execution));
        let (part, item) = (TaskPart::Action, Some(item));
        Arc::new(Task {
            key: TaskKey { execution_id, step: "s".into(), visit: 1, attempt: 1, part, item },
            protocol: protocol.to_owned(),
            config: Value::Null.into(),
            input: Value::Null.into(),
            timeout_ms: 1_000,
            heartbeat_ms: None,
            priority,
            credentials: Credentials::default(),
        })
    }

    #[test]
    fn each_waits_once_in_its_order_until_it_goes_or_is_not_wanted() {
        let mut waiting = Waiting::default();
        let all = [task(1, 0, "python", 0), task(1, 1, "python", 0), task(2, 0, "python", 5), task(1, 2, "http", 0)];
        for task in &all {
            assert!(waiting.insert(task.clone(), false));
        }
        assert!(!waiting.insert(all[1].clone(), true), "it waits already");
        let of = |waiting: &Waiting, n: u128| waiting.of(ExecutionId(uuid::Uuid::from_u128(n)));
        assert_eq!(of(&waiting, 1), [0, 1, 3].map(|n: usize| all[n].key.clone()));
        waiting.remove(&all[0].key);
        waiting.remove(&all[0].key);
        let mut gone = Vec::new();
        while let Some(Waiter { task, claimed }) = waiting.pop("python") {
            gone.push((task.key.clone(), claimed));
        }
        assert_eq!(gone, [(all[2].key.clone(), false), (all[1].key.clone(), true)], "the urgent one first");
        assert!(waiting.is_empty("python") && !waiting.is_empty("http"));
        assert_eq!((of(&waiting, 1), of(&waiting, 2)), (vec![all[3].key.clone()], vec![]));
        assert!(waiting.insert(all[1].clone(), false), "it may come again");
    }
}
