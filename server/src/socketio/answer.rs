//! Emits that wait for their answer.

use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Emits without an answer at once. The hub reads no further while 256 KiB of answers wait, so a client that behaves
/// does not get here; one that does is flooding.
const WAITING: usize = 4_096;

/// What a client wants with the answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    /// The acknowledgement it waits for; without, it is told by an event.
    pub(super) ack: Option<u64>,
    /// The `id` in what it emitted.
    pub(super) client_id: Option<Value>,
}

/// More emits wait for an answer than any client needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// By the id we gave the frame.
#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    last: u64,
    asked: HashMap<u64, Asked>,
}

impl Answers {
    /// The id for the frame.
    pub(super) fn ask(&self, asked: Asked) -> Result<u64, TooMany> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.asked.len() >= WAITING {
            return Err(TooMany);
        }
        waiting.last += 1;
        let id = waiting.last;
        waiting.asked.insert(id, asked);
        Ok(id)
    }

    pub(super) fn take(&self, id: u64) -> Option<Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).asked.remove(&id)
    }
}
