//! A commit's rows as the writer binds them. What stands in its envelopes is bound from there.

use crate::sql::encode::{EventRow, ExecutionRow, Rows};
use protocol::{ExecutionId, Timestamp};

#[derive(Debug, Default)]
pub struct BoundRows {
    /// `data` of each event, in the order of the envelopes, from which the rest is taken.
    pub(super) events: Vec<String>,
    pub(super) adds: Vec<NewTask>,
    pub(super) claims: Vec<Claim>,
    /// Keys.
    pub(super) settles: Vec<String>,
    pub(super) execution: Option<Execution>,
    pub(super) data: Option<Data>,
    bytes: usize,
}

#[derive(Debug)]
pub(super) struct NewTask {
    pub(super) key: String,
    pub(super) protocol: String,
    pub(super) due: Timestamp,
    pub(super) claimed_by: Option<String>,
    /// JSON.
    pub(super) task: String,
}

#[derive(Debug)]
pub(super) struct Claim {
    pub(super) key: String,
    pub(super) worker: String,
}

/// A row of `executions` but for what the commit's [`Change`](crate::sql::encode::Change) says, and the position.
#[derive(Debug)]
pub(super) struct Execution {
    pub(super) version: u64,
    pub(super) playbook_version: u32,
    pub(super) step: Option<String>,
    pub(super) progress: f64,
    pub(super) created_at: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) wake_at: Option<Timestamp>,
    /// JSON.
    pub(super) error: Option<String>,
    pub(super) owner: Option<String>,
}

/// JSON each.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) input: Option<String>,
    pub(super) result: Option<String>,
}

/// What a row takes beside its JSON, about.
const ROW: usize = 256;

impl Rows for BoundRows {
    fn event(&mut self, _: &EventRow<'_>, data: String) {
        self.bytes += data.len() + ROW;
        self.events.push(data);
    }

    fn add_task(&mut self, key: String, protocol: &str, due: Timestamp, claimed_by: Option<&str>, task: String) {
        self.bytes += task.len() + ROW;
        let claimed_by = claimed_by.map(str::to_owned);
        self.adds.push(NewTask { key, protocol: protocol.to_owned(), due, claimed_by, task });
    }

    fn claim_task(&mut self, key: String, worker: &str) {
        self.bytes += key.len() + worker.len();
        self.claims.push(Claim { key, worker: worker.to_owned() });
    }

    fn settle_task(&mut self, key: String) {
        self.bytes += key.len();
        self.settles.push(key);
    }

    fn execution(&mut self, row: &ExecutionRow<'_>, error: Option<String>) {
        self.bytes += error.as_ref().map_or(0, String::len) + ROW;
        self.execution = Some(Execution {
            version: row.version,
            playbook_version: row.playbook_version,
            step: row.step.map(str::to_owned),
            progress: row.progress,
            created_at: row.created_at,
            ended_at: row.ended_at,
            wake_at: row.wake_at,
            error,
            owner: row.owner.map(str::to_owned),
        });
    }

    fn execution_data(&mut self, _: ExecutionId, input: Option<String>, result: Option<String>) {
        self.bytes += [&input, &result].into_iter().flatten().map(String::len).sum::<usize>();
        self.data = Some(Data { input, result });
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
