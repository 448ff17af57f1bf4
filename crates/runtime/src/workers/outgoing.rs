//! What waits to be sent to one worker. Taken out when its connection has room.

use bytes::Bytes;
use protocol::{Task, TaskKey, frame::ToWorker, task::Lease};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeSet, VecDeque};
use tokio::sync::OwnedSemaphorePermit;

/// Tasks are put into one frame up to this size, and at least one.
const FRAME_BYTES: usize = 48 << 10;
/// Keys that are not the worker's, told at once: one that names more of them is told with its next heartbeat.
const FOREIGN: usize = 10_000;

#[derive(Default)]
pub(super) struct Outgoing {
    joined: Option<ToWorker>,
    /// As many as there are permits.
    acknowledgements: VecDeque<(ToWorker, OwnedSemaphorePermit)>,
    cancels: BTreeSet<TaskKey>,
    /// As many as the worker has places.
    leases: VecDeque<Task>,
    draining: Option<ToWorker>,
}

impl Outgoing {
    pub(super) fn new(joined: ToWorker) -> Self {
        Self { joined: Some(joined), ..Self::default() }
    }

    pub(super) fn lease(&mut self, task: Task) {
        self.leases.push_back(task);
    }

    /// The worker is to stop a task it was given. False when it was not sent yet: then it is not any more.
    pub(super) fn cancel(&mut self, key: &TaskKey) -> bool {
        let before = self.leases.len();
        self.leases.retain(|task| task.key != *key);
        if self.leases.len() < before {
            return false;
        }
        self.cancels.insert(key.clone());
        true
    }

    /// The worker is to stop what is not its own.
    pub(super) fn cancel_foreign(&mut self, key: TaskKey) {
        if self.cancels.len() < FOREIGN {
            self.cancels.insert(key);
        }
    }

    pub(super) fn acknowledge(&mut self, id: Option<Value>, settled: Vec<TaskKey>, permit: OwnedSemaphorePermit) {
        self.acknowledgements.push_back((ToWorker::Reported { id, settled }, permit));
    }

    /// Told behind the last of its tasks.
    pub(super) fn drain(&mut self, id: Option<Value>) {
        self.draining = Some(ToWorker::Draining { id });
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The next frame.
    pub(super) fn next(&mut self) -> Option<Bytes> {
        if let Some(joined) = self.joined.take() {
            return Some(encode(&joined).into());
        }
        if let Some((reported, _permit)) = self.acknowledgements.pop_front() {
            return Some(encode(&reported).into());
        }
        if !self.cancels.is_empty() {
            let tasks = std::mem::take(&mut self.cancels).into_iter().collect();
            return Some(encode(&ToWorker::Cancel { tasks }).into());
        }
        if !self.leases.is_empty() {
            return Some(self.tasks());
        }
        self.draining.take().map(|draining| encode(&draining).into())
    }

    /// `worker_tasks`, put together from tasks that were written one by one: that is how its size is known.
    fn tasks(&mut self) -> Bytes {
        let mut frame = br#"{"type":"worker_tasks","leases":["#.to_vec();
        let start = frame.len();
        while frame.len() < FRAME_BYTES
            && let Some(task) = self.leases.pop_front()
        {
            if frame.len() > start {
                frame.push(b',');
            }
            frame.extend(encode(&Lease::from(task)));
        }
        frame.extend_from_slice(b"]}");
        frame.into()
    }
}

fn encode(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("frames have string keys and no failing types")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

    use super::*;
    use protocol::{ExecutionId, TaskPart, task::Credentials};
    use serde_json::json;
    use std::sync::Arc;
    use uuid::Uuid;

    fn task(attempt: u32, bytes: usize) -> Task {
        let execution_id = ExecutionId(Uuid::nil());
        Task {
            key: TaskKey { execution_id, step: "s".into(), visit: 1, attempt, part: TaskPart::Action, item: None },
            protocol: "noop".into(),
            config: Arc::new(json!({})),
            input: Arc::new(json!("x".repeat(bytes))),
            timeout_ms: 1_000,
            heartbeat_ms: None,
            priority: 0,
            credentials: Credentials([("pg".to_owned(), Arc::new(json!({"password": "p"})))].into()),
        }
    }

    fn next(outgoing: &mut Outgoing) -> Option<ToWorker> {
        outgoing.next().map(|frame| serde_json::from_slice(&frame).unwrap())
    }

    #[test]
    fn tasks_are_joined_up_to_a_size_and_carry_their_credentials() {
        let mut outgoing = Outgoing::default();
        let tasks: Vec<Task> =
            [10, 30_000, 30_000, 200_000, 5, 5].into_iter().zip(1..).map(|(b, a)| task(a, b)).collect();
        for task in &tasks {
            outgoing.lease(task.clone());
        }
        let mut frames = Vec::new();
        while let Some(ToWorker::Tasks { leases }) = next(&mut outgoing) {
            frames.push(leases.into_iter().map(Task::from).collect::<Vec<_>>());
        }
        assert_eq!(frames.iter().map(Vec::len).collect::<Vec<_>>(), [3, 1, 2]);
        assert_eq!(frames.concat(), tasks);
    }

    #[test]
    fn a_task_that_was_not_sent_yet_is_taken_back_without_a_word() {
        let mut outgoing = Outgoing::default();
        outgoing.lease(task(1, 0));
        outgoing.lease(task(2, 0));
        assert!(!outgoing.cancel(&task(1, 0).key));
        assert!(outgoing.cancel(&task(3, 0).key));
        assert_eq!(next(&mut outgoing), Some(ToWorker::Cancel { tasks: vec![task(3, 0).key] }));
        assert_eq!(next(&mut outgoing), Some(ToWorker::Tasks { leases: vec![task(2, 0).into()] }));
        assert_eq!(next(&mut outgoing), None);
    }

    #[test]
    fn that_a_worker_drains_is_said_behind_its_last_task() {
        let mut outgoing = Outgoing::default();
        outgoing.drain(Some(json!(7)));
        outgoing.lease(task(1, 0));
        assert!(matches!(next(&mut outgoing), Some(ToWorker::Tasks { .. })));
        assert_eq!(next(&mut outgoing), Some(ToWorker::Draining { id: Some(json!(7)) }));
    }
}
