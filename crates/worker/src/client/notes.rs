//! What running tasks have told and nobody has been sent yet.

use crate::progress::Told;
use protocol::{TaskKey, frame::worker::TaskNote, task::Logs};
use std::collections::HashMap;

/// Bytes of each stream that wait to be sent; of more the front is left out, and counted.
const LOG_BYTES: usize = 32 << 10;

#[derive(Default)]
pub(super) struct Notes(HashMap<TaskKey, TaskNote>);

impl Notes {
    pub(super) fn add(&mut self, key: &TaskKey, told: Told) {
        let note = self.0.entry(key.clone()).or_insert_with(|| TaskNote {
            key: key.clone(),
            percent: None,
            message: None,
            logs: Logs::default(),
        });
        match told {
            Told::Percent(percent) => note.percent = Some(percent),
            Told::Message(message) => note.message = Some(message),
            Told::Stdout(text) => note.logs.omitted_bytes += append(&mut note.logs.stdout, &text),
            Told::Stderr(text) => note.logs.omitted_bytes += append(&mut note.logs.stderr, &text),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self) -> Vec<TaskNote> {
        self.0.drain().map(|(_, note)| note).collect()
    }

    pub(super) fn remove(&mut self, key: &TaskKey) {
        self.0.remove(key);
    }
}

/// Bytes left out from the front.
fn append(stream: &mut String, text: &str) -> u64 {
    stream.push_str(text);
    let mut cut = stream.len().saturating_sub(LOG_BYTES);
    while !stream.is_char_boundary(cut) {
        cut += 1;
    }
    stream.drain(..cut);
    cut as u64
}
