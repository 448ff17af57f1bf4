//! A commit's rows as the scripts take them: JSON arrays, joined by commas.

use crate::sql::encode::{EventRow, ExecutionRow, Rows};
use protocol::{ExecutionId, Timestamp};
use serde::Serialize;
use std::io;

#[derive(Debug, Default)]
pub struct JsonRows {
    /// `[id, time, type, execution_id, version, subject, correlation_id, causation_id, traceparent, commit_id, data]`
    pub(super) events: String,
    /// `[key, protocol, due, claimed_by, task]`
    pub(super) adds: String,
    /// `[key, worker]`
    pub(super) claims: String,
    /// The keys alone.
    pub(super) settles: String,
    /// `execution_id, version, path, playbook_version, state, step, progress, created_at, ended_at, wake_at, error,
    /// owner`: a row but for the brackets and the position, which the writer knows.
    pub(super) execution: String,
    /// `[execution_id, input, result]`, if there is one of these.
    pub(super) data: String,
}

impl Rows for JsonRows {
    fn event(&mut self, row: &EventRow<'_>, data: String) {
        open(&mut self.events, data.len() + 512);
        value(&mut self.events, &row.id);
        value(&mut self.events, &row.time);
        value(&mut self.events, row.name);
        value(&mut self.events, &row.execution_id);
        value(&mut self.events, &row.version);
        value(&mut self.events, &row.subject);
        value(&mut self.events, &row.correlation_id);
        value(&mut self.events, &row.causation_id);
        value(&mut self.events, &row.traceparent);
        value(&mut self.events, &row.commit_id);
        json(&mut self.events, Some(&data));
        self.events.push(']');
    }

    fn add_task(&mut self, key: String, protocol: &str, due: Timestamp, claimed_by: Option<&str>, task: String) {
        open(&mut self.adds, task.len() + 256);
        value(&mut self.adds, &key);
        value(&mut self.adds, protocol);
        value(&mut self.adds, &due);
        value(&mut self.adds, &claimed_by);
        json(&mut self.adds, Some(&task));
        self.adds.push(']');
    }

    fn claim_task(&mut self, key: String, worker: &str) {
        open(&mut self.claims, 0);
        value(&mut self.claims, &key);
        value(&mut self.claims, worker);
        self.claims.push(']');
    }

    fn settle_task(&mut self, key: String) {
        value(&mut self.settles, &key);
    }

    fn execution(&mut self, row: &ExecutionRow<'_>, error: Option<String>) {
        let text = &mut self.execution;
        text.reserve(256);
        value(text, &row.execution_id);
        value(text, &row.version);
        value(text, row.path);
        value(text, &row.playbook_version);
        value(text, row.state);
        value(text, &row.step);
        value(text, &row.progress);
        value(text, &row.created_at);
        value(text, &row.ended_at);
        value(text, &row.wake_at);
        json(text, error.as_deref());
        value(text, &row.owner);
    }

    fn execution_data(&mut self, id: ExecutionId, input: Option<String>, result: Option<String>) {
        open(&mut self.data, 64);
        value(&mut self.data, &id);
        json(&mut self.data, input.as_deref());
        json(&mut self.data, result.as_deref());
        self.data.push(']');
    }

    fn bytes(&self) -> usize {
        let all = [&self.events, &self.adds, &self.claims, &self.settles, &self.execution, &self.data];
        all.into_iter().map(String::len).sum()
    }
}

fn open(rows: &mut String, bytes: usize) {
    rows.reserve(bytes);
    if !rows.is_empty() {
        rows.push(',');
    }
    rows.push('[');
}

fn value<T: Serialize + ?Sized>(row: &mut String, value: &T) {
    separate(row);
    serde_json::to_writer(Appending(row), value).expect("ids, numbers and strings are JSON");
}

/// Takes what serde_json writes, which is UTF-8 piece by piece.
struct Appending<'r>(&'r mut String);

impl io::Write for Appending<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push_str(str::from_utf8(bytes).map_err(io::Error::other)?);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// JSON as it is; null for none.
fn json(row: &mut String, value: Option<&str>) {
    separate(row);
    row.push_str(value.unwrap_or("null"));
}

fn separate(row: &mut String) {
    if !row.is_empty() && !row.ends_with('[') {
        row.push(',');
    }
}
