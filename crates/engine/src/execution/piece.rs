//! One piece of work of a visit: its action, or one item of an iterator, and the save that follows.

use protocol::{TaskPart, Timestamp};
use serde_json::Value;
use std::sync::Arc;

/// Where one piece of work is: which attempt of which part, and who holds it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Piece {
    pub(crate) part: TaskPart,
    pub(crate) attempt: u32,
    /// Attempts of this part whose workers were lost: they do not count.
    pub(crate) lost: u32,
    /// Of a save: those of the action before it, should that be tried again after all.
    pub(super) action_lost: u32,
    /// A save without an action before it.
    pub(super) is_save_alone: bool,
    pub(crate) hold: Hold,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Hold {
    /// A task that nobody has claimed; not to be claimed before this time.
    Open(Timestamp),
    /// A task that somebody works on.
    Claimed,
    /// The engine waits: until a time, for a signal, or both. `order` is smaller the earlier it began.
    Waits { since: Timestamp, order: u64, until: Option<Timestamp>, signal: Option<Arc<str>> },
    /// The engine waits for a person.
    Asks { since: Timestamp, form: Arc<Value>, due: Option<Timestamp>, default: Option<Arc<Value>> },
    /// The attempt is over; what follows is in the same decision.
    Settled,
}

impl Piece {
    /// The first attempt of a part, open.
    pub(crate) fn new(part: TaskPart, due: Timestamp) -> Self {
        Self { part, attempt: 1, lost: 0, action_lost: 0, is_save_alone: part == TaskPart::Save, hold: Hold::Open(due) }
    }

    /// The action is done, and a save follows.
    pub(super) fn then_save(&self, due: Timestamp) -> Self {
        Self { action_lost: self.lost, is_save_alone: false, ..Self::new(TaskPart::Save, due) }
    }

    /// Another attempt of a part.
    pub(super) fn again(&self, part: TaskPart, attempt: u32, is_lost: bool, due: Timestamp) -> Self {
        let lost = self.lost_in(part) + u32::from(is_lost);
        Self { part, attempt, lost, hold: Hold::Open(due), ..self.clone() }
    }

    /// Attempts of a part that were lost.
    pub(super) fn lost_in(&self, part: TaskPart) -> u32 {
        if part == self.part { self.lost } else { self.action_lost }
    }

    /// Attempts that count for a limit of attempts.
    pub(crate) fn counted(&self) -> u32 {
        self.attempt.saturating_sub(self.lost)
    }

    /// Whether the attempt is a task that is not settled; while the execution is paused only claimed ones are.
    pub(super) fn is_task(&self, is_paused: bool) -> bool {
        match self.hold {
            Hold::Open(_) => !is_paused,
            Hold::Claimed => true,
            Hold::Waits { .. } | Hold::Asks { .. } | Hold::Settled => false,
        }
    }

    /// When the engine itself stops waiting.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self.hold {
            Hold::Waits { until, .. } => until,
            Hold::Asks { due, .. } => due,
            Hold::Open(_) | Hold::Claimed | Hold::Settled => None,
        }
    }

    /// The signal that is waited for, and where in the row of those who wait.
    pub(super) fn signal(&self) -> Option<(&Arc<str>, u64)> {
        match &self.hold {
            Hold::Waits { signal, order, .. } => Some((signal.as_ref()?, *order)),
            _ => None,
        }
    }
}
