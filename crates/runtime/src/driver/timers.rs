//! What is due later: ticks of executions, and tasks nobody may claim yet.

use protocol::{ExecutionId, Task, TaskKey, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

#[derive(Default)]
pub(super) struct Timers {
    ticks: BTreeSet<(Timestamp, ExecutionId)>,
    tasks: BTreeMap<(Timestamp, u64), Arc<Task>>,
    /// Where in `tasks` each is: it waits for one time.
    held: HashMap<TaskKey, (Timestamp, u64)>,
    /// Ends of the time that children have.
    children: BTreeSet<(Timestamp, ExecutionId)>,
    limits: HashMap<ExecutionId, Timestamp>,
    /// Tells tasks of the same moment apart, in the order in which they came.
    next: u64,
}

/// What has become due.
#[derive(Default)]
pub(super) struct Due {
    pub(super) ticks: Vec<ExecutionId>,
    pub(super) tasks: Vec<Arc<Task>>,
    pub(super) children: Vec<ExecutionId>,
}

impl Timers {
    /// The execution wants its tick at another time than before.
    pub(super) fn tick(&mut self, id: ExecutionId, before: Option<Timestamp>, at: Option<Timestamp>) {
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.ticks.remove(&(before, id));
        }
        if let Some(at) = at {
            self.ticks.insert((at, id));
        }
    }

    /// The task waits until then, and not until what was said of it before.
    pub(super) fn hold(&mut self, task: Arc<Task>, due: Timestamp) {
        self.drop(&task.key);
        self.next += 1;
        self.held.insert(task.key.clone(), (due, self.next));
        self.tasks.insert((due, self.next), task);
    }

    pub(super) fn holds(&self, key: &TaskKey) -> bool {
        self.held.contains_key(key)
    }

    /// The task is not waited for any more. Nothing happens if it was not.
    pub(super) fn drop(&mut self, key: &TaskKey) {
        if let Some(at) = self.held.remove(key) {
            self.tasks.remove(&at);
        }
    }

    /// A child's time is over then; never, with `None`.
    pub(super) fn child(&mut self, id: ExecutionId, due: Option<Timestamp>) {
        let before = match due {
            Some(due) => self.limits.insert(id, due),
            None => self.limits.remove(&id),
        };
        if let Some(before) = before {
            self.children.remove(&(before, id));
        }
        if let Some(due) = due {
            self.children.insert((due, id));
        }
    }

    /// When the next thing is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let tick = self.ticks.first().map(|(due, _)| *due);
        let task = self.tasks.first_key_value().map(|((due, _), _)| *due);
        let child = self.children.first().map(|(due, _)| *due);
        tick.into_iter().chain(task).chain(child).min()
    }

    /// Takes out what is due.
    pub(super) fn due(&mut self, now: Timestamp) -> Due {
        let mut due = Due::default();
        while let Some(&(at, id)) = self.ticks.first()
            && at <= now
        {
            self.ticks.pop_first();
            due.ticks.push(id);
        }
        while let Some(first) = self.tasks.first_entry()
            && first.key().0 <= now
        {
            let task = first.remove();
            self.held.remove(&task.key);
            due.tasks.push(task);
        }
        while let Some(&(at, id)) = self.children.first()
            && at <= now
        {
            self.child(id, None);
            due.children.push(id);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> ExecutionId {
        ExecutionId(uuid::Uuid::from_u128(n))
    }

    #[test]
    fn ticks_come_once_when_they_are_due_and_move_with_their_execution() {
        let mut timers = Timers::default();
        timers.tick(id(1), None, Some(Timestamp(30)));
        timers.tick(id(2), None, Some(Timestamp(10)));
        timers.tick(id(1), Some(Timestamp(30)), Some(Timestamp(20)));
        assert_eq!(timers.next(), Some(Timestamp(10)));
        assert_eq!(timers.due(Timestamp(25)).ticks, [id(2), id(1)]);
        assert_eq!(timers.next(), None);
        timers.tick(id(3), None, Some(Timestamp(40)));
        timers.tick(id(3), Some(Timestamp(40)), None);
        assert!(timers.due(Timestamp(i64::MAX)).ticks.is_empty());
    }
}
