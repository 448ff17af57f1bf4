//! What running tasks tell of themselves: cut to size and handed to whoever watches. Never stored.

use crate::credentials::Redaction;
use protocol::{Envelope, Event, EventId, Timestamp, event::TaskProgress, frame::worker::TaskNote, task::Logs};
use uuid::Uuid;

/// Characters of a message.
const MESSAGE_CHARS: usize = 500;
/// Bytes of each stream in one note, and in a report: what is in front of them is left out.
pub(super) const LOG_BYTES: usize = 64 << 10;

pub(super) fn event(id: Uuid, time: Timestamp, worker: &str, note: TaskNote) -> Envelope {
    let TaskNote { key, percent, message, logs } = note;
    let correlation_id = Some(key.execution_id.to_string());
    let percent = percent.filter(|percent| percent.is_finite()).map(|percent| percent.clamp(0.0, 100.0));
    let message = message.map(|message| message.chars().take(MESSAGE_CHARS).collect());
    let event = TaskProgress { key, worker: worker.to_owned(), percent, message, logs: tail(logs) };
    Envelope {
        id: EventId(id),
        position: None,
        time,
        correlation_id,
        causation_id: None,
        traceparent: None,
        event: Event::TaskProgress(event),
    }
}

/// Without what the task was given to know. Of such a task nothing it writes is told before its end: a secret may
/// come in two pieces, and only the whole log can be searched.
pub(super) fn hidden(note: TaskNote, redaction: &Redaction) -> TaskNote {
    if redaction.is_none() {
        return note;
    }
    TaskNote { message: note.message.map(|message| redaction.text(message)), logs: Logs::default(), ..note }
}

/// The end of each stream; what was left out is counted.
pub(super) fn tail(mut logs: Logs) -> Logs {
    for stream in [&mut logs.stdout, &mut logs.stderr] {
        let mut cut = stream.len().saturating_sub(LOG_BYTES);
        while !stream.is_char_boundary(cut) {
            cut += 1;
        }
        stream.drain(..cut);
        logs.omitted_bytes = logs.omitted_bytes.saturating_add(cut as u64);
    }
    logs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_keep_their_end_and_count_what_is_gone() {
        let logs = Logs { stdout: "€".repeat(LOG_BYTES), stderr: "short".into(), omitted_bytes: 3 };
        let cut = tail(logs);
        assert!(cut.stdout.len() <= LOG_BYTES && cut.stdout.chars().all(|c| c == '€'));
        assert_eq!(
            (cut.stderr.as_str(), cut.omitted_bytes),
            ("short", 3 + 3 * LOG_BYTES as u64 - cut.stdout.len() as u64)
        );
    }
}
