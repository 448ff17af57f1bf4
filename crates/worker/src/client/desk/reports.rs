//! What a worker says of tasks that ended.

use crate::Run;
use protocol::{TaskError, TaskKey, TaskReport};
use std::collections::VecDeque;

/// Reports in one frame.
const REPORTS: usize = 64;
/// Bytes after which a frame of reports is full.
const FRAME_BYTES: usize = 1 << 20;
/// What a frame of reports is more than its reports.
const FRAME_EXTRA: usize = 1 << 10;

/// A task that ended: with a report, or released without one.
pub(super) struct Ended {
    pub(super) key: TaskKey,
    pub(super) report: Option<String>,
}

/// `worker_reports`, put together from reports that were written when their tasks ended.
pub(super) fn reports(id: u64, ended: &mut VecDeque<Ended>) -> (String, Vec<Ended>) {
    let (mut reports, mut released, mut batch) = (String::new(), Vec::new(), Vec::new());
    while batch.len() < REPORTS
        && let Some(next) = ended.front()
        && (batch.is_empty() || reports.len() + next.report.as_ref().map_or(0, String::len) <= FRAME_BYTES)
        && let Some(next) = ended.pop_front()
    {
        match &next.report {
            Some(report) => {
                if !reports.is_empty() {
                    reports.push(',');
                }
                reports.push_str(report);
            }
            None => released.push(next.key.clone()),
        }
        batch.push(next);
    }
    let released = if released.is_empty() { String::new() } else { format!(r#","released":{}"#, encode(&released)) };
    (format!(r#"{{"type":"worker_reports","id":{id},"reports":[{reports}]{released}}}"#), batch)
}

/// A report the server takes. One that is larger than its largest frame becomes a failure that says so.
pub(super) fn fitted(report: TaskReport, frame_bytes: usize) -> String {
    let text = encode(&report);
    if text.len() + FRAME_EXTRA <= frame_bytes {
        return text;
    }
    let message = format!(
        "what the action returned cannot be sent: it is {} bytes, and {frame_bytes} is the limit; return less, put large \
         data into a file and return its path",
        text.len()
    );
    let run = Run::failed(TaskError::new("result_refused", message));
    encode(&TaskReport { key: report.key, outcome: run.outcome, duration_ms: report.duration_ms, logs: run.logs })
}

pub(super) fn encode(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("frames have string keys and no failing types")
}
