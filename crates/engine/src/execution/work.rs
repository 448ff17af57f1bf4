//! What is under way: tasks, waits, approvals, and the signals nobody waited for yet.

use super::{
    piece::{Hold, Piece},
    state::{Execution, RecordId},
};
use crate::effort::look;
use protocol::{Phase, TaskKey, TaskPart, Timestamp};
use serde_json::Value;
use std::sync::Arc;

/// An attempt whose worker was lost and has not been heard of since.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LostAttempt {
    pub(super) record: RecordId,
    pub(super) visit: u32,
    pub(super) item: Option<u32>,
    pub(super) part: TaskPart,
    pub(super) attempt: u32,
}

impl Execution {
    /// Tasks that were handed out and are not settled, by step in order of first mention, and visit. While the
    /// execution is paused, only those that somebody has claimed: the others are not in the task table.
    pub fn open_tasks(&self) -> impl Iterator<Item = TaskKey> {
        self.pieces().filter(|(_, piece)| piece.is_task(self.is_paused)).map(|(key, _)| key)
    }

    /// Whether this task was handed out and is not settled.
    pub fn is_open(&self, key: &TaskKey) -> bool {
        self.piece(key).is_some_and(|piece| piece.is_task(self.is_paused))
    }

    /// Whether somebody has claimed this task, and it is not settled.
    pub fn is_claimed(&self, key: &TaskKey) -> bool {
        self.piece(key).is_some_and(|piece| piece.hold == Hold::Claimed)
    }

    /// Of a task that nobody has claimed: from when on somebody may.
    pub fn unclaimed_until(&self, key: &TaskKey) -> Option<Timestamp> {
        match self.piece(key)?.hold {
            Hold::Open(due) if !self.is_paused => Some(due),
            _ => None,
        }
    }

    /// Whether this time has come for a task that waits for a place. Once the log is past it, it has: a task that could
    /// be claimed can be, also when the clock was set back, or that of another server is behind.
    pub(crate) fn has_come(&self, due: Timestamp, now: Timestamp) -> bool {
        due <= now.max(self.latest)
    }

    /// The tasks that a pause keeps out of the task table, or would.
    pub(crate) fn unclaimed(&self) -> Vec<(TaskKey, Timestamp)> {
        let due = |piece: &Piece| match piece.hold {
            Hold::Open(due) => Some(due),
            _ => None,
        };
        self.pieces().filter_map(|(key, piece)| Some((key, due(piece)?))).collect()
    }

    /// The piece of work a key names, if the key's attempt is the one it is at.
    pub(crate) fn piece(&self, key: &TaskKey) -> Option<&Piece> {
        let record = *self.names.get(key.step.as_str())?;
        let piece = match key.item {
            None => &self.running.get(&(record, key.visit))?.piece,
            Some(item) => self.item_piece(record, key.visit, item)?,
        };
        let is_it = key.execution_id == self.id && piece.attempt == key.attempt && piece.part == key.part;
        is_it.then_some(piece)
    }

    /// What a visit under way runs on.
    pub(crate) fn visit_input(&self, step: &str, visit: u32) -> Option<&Arc<Value>> {
        Some(&self.running.get(&(*self.names.get(step)?, visit))?.input)
    }

    /// What `result` was when a visit under way started.
    pub(crate) fn result_before(&self, step: &str, visit: u32) -> Option<&Arc<Value>> {
        self.running.get(&(*self.names.get(step)?, visit))?.before.as_ref()
    }

    /// What the action of a visit under way came to, once it did.
    pub(crate) fn result_of_visit(&self, step: &str, visit: u32) -> Option<&Arc<Value>> {
        self.running.get(&(*self.names.get(step)?, visit))?.result.as_ref()
    }

    /// Steps and visits under way, with the attempt they are at.
    pub(crate) fn visits_under_way(&self) -> Vec<(Arc<str>, u32, u32)> {
        let of = |((record, visit), under_way): (&(RecordId, u32), &super::state::Visit)| {
            (self.record(*record).name.clone(), *visit, under_way.piece.attempt)
        };
        self.running.iter().inspect(|_| look()).map(of).collect()
    }

    /// Whether this is an attempt whose worker was lost, and whose report has not come since.
    pub(crate) fn was_lost(&self, key: &TaskKey) -> bool {
        key.execution_id == self.id && self.lost_attempt(key).is_some_and(|attempt| self.lost.contains(&attempt))
    }

    /// The first moment at which the engine stops waiting for something.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(time, ..)| *time)
    }

    /// The visit whose wait is over first, if it is by now.
    pub(crate) fn due(&self, now: Timestamp) -> Option<TaskKey> {
        let (_, record, visit) = self.deadlines.first().filter(|(time, ..)| *time <= now)?;
        self.key_of(*record, *visit)
    }

    /// The visit that has waited longest for a signal of this name; with `visit`, only one of that number.
    pub(crate) fn listener(&self, signal: &str, visit: Option<u32>) -> Option<TaskKey> {
        let name: Arc<str> = signal.into();
        let from = (name.clone(), 0, RecordId(0), 0);
        let mut waiting = self.listeners.range(from..).take_while(|(of, ..)| *of == name).inspect(|_| look());
        let (.., record, visit) = waiting.find(|(.., number)| visit.is_none_or(|visit| visit == *number))?;
        self.key_of(*record, *visit)
    }

    /// The approvals of a step that wait for an answer, oldest first.
    pub(crate) fn asking(&self, step: &str) -> impl Iterator<Item = (TaskKey, &Piece)> {
        let record = self.names.get(step).copied();
        let visits = record.map(|record| self.running.range((record, 0)..=(record, u32::MAX))).into_iter().flatten();
        visits
            .inspect(|_| look())
            .filter(|(_, visit)| matches!(visit.piece.hold, Hold::Asks { .. }))
            .filter_map(|((record, number), visit)| Some((self.key_of(*record, *number)?, &visit.piece)))
    }

    /// The oldest signal of this name that nobody has taken.
    pub(crate) fn kept_signal(&self, name: &str) -> Option<&Arc<Value>> {
        self.signals.get(name)?.peek()
    }

    /// Signals that nobody has taken.
    pub(crate) fn kept_signals(&self) -> u32 {
        self.signal_count
    }

    pub(crate) fn is_in_progress(&self) -> bool {
        self.phase == Phase::InProgress
    }

    pub(super) fn lost_attempt(&self, key: &TaskKey) -> Option<LostAttempt> {
        let TaskKey { visit, attempt, part, item, .. } = *key;
        Some(LostAttempt { record: *self.names.get(key.step.as_str())?, visit, item, part, attempt })
    }

    fn key_of(&self, record: RecordId, visit: u32) -> Option<TaskKey> {
        let piece = &self.running.get(&(record, visit))?.piece;
        Some(self.key(record, visit, None, piece))
    }

    pub(super) fn key(&self, record: RecordId, visit: u32, item: Option<u32>, piece: &Piece) -> TaskKey {
        let (step, attempt, part) = (self.record(record).name.to_string(), piece.attempt, piece.part);
        TaskKey { execution_id: self.id, step, visit, attempt, part, item }
    }

    fn pieces(&self) -> impl Iterator<Item = (TaskKey, &Piece)> {
        let visits = self
            .running
            .iter()
            .map(|((record, number), visit)| (self.key(*record, *number, None, &visit.piece), &visit.piece));
        visits.chain(self.all_items()).inspect(|_| look())
    }
}
