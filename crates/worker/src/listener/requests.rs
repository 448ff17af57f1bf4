//! Frames that wait for their answer.

use super::{ClientError, handle::Ask};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct Requests {
    last: u64,
    open: BTreeMap<u64, Ask>,
}

impl Requests {
    /// The frame's text, under an id of its own.
    pub(super) fn send(&mut self, mut ask: Ask) -> (u64, String) {
        self.last += 1;
        ask.frame["id"] = self.last.into();
        let text = ask.frame.to_string();
        // Its kind is all that is looked at later.
        ask.frame = ask.frame["type"].take();
        self.open.insert(self.last, ask);
        (self.last, text)
    }

    /// Somebody waits for an answer.
    pub(super) fn wait(&self) -> bool {
        !self.open.is_empty()
    }

    /// Somebody asked to be known by another token.
    pub(super) fn is_proof(&self, id: &Value) -> bool {
        id.as_u64().and_then(|id| self.open.get(&id)).is_some_and(|ask| ask.frame == "authenticate")
    }

    /// False when nobody waits for it, or not any more.
    pub(super) fn answer(&mut self, id: &Value, answer: Result<Value, ClientError>) -> bool {
        let Some(ask) = id.as_u64().and_then(|id| self.open.remove(&id)) else { return false };
        // Who asked may be gone.
        ask.answer.send(answer).is_ok()
    }

    /// The connection is gone: nobody knows whether what was sent was done.
    pub(super) fn disconnected(&mut self) {
        for ask in std::mem::take(&mut self.open).into_values() {
            let _ = ask.answer.send(Err(ClientError::Disconnected));
        }
    }
}
