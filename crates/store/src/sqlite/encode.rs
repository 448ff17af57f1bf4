//! A commit as the scripts take it: JSON rows, made in the caller's task so that the writer only joins them.

use super::rows::Rows;
use crate::{Commit, ExecutionChange, StoreError, TaskChange, history, limits::MAX_COMMIT_BYTES, state};
use protocol::{CommitId, Envelope, ExecutionId, Position, TaskKey};
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// One commit, ready to be written. Rows are JSON arrays, joined by commas.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: CommitId,
    pub(super) change: Option<Change>,
    /// Without positions yet.
    pub(super) envelopes: Vec<Envelope>,
    /// `[id, time, type, execution_id, version, subject, correlation_id, causation_id, traceparent, commit_id, data]`
    pub(super) events: String,
    /// `[key, protocol, due, claimed_by, task]`
    pub(super) adds: String,
    /// `[key, worker]`
    pub(super) claims: String,
    /// The keys alone.
    pub(super) settles: String,
    /// Hashes of the tasks added, and of all tasks named.
    pub(super) added: Vec<u64>,
    pub(super) touched: Vec<u64>,
}

/// The execution's part of an [`Entry`].
#[derive(Debug)]
pub(super) struct Change {
    pub(super) execution_id: ExecutionId,
    pub(super) expected: u64,
    pub(super) state: &'static str,
    pub(super) path: Arc<str>,
    /// The row has more to say than a step's usual commit: an end or an error.
    pub(super) ends: bool,
    /// `execution_id, version, path, playbook_version, state, step, progress, created_at, ended_at, wake_at, error`:
    /// a row but for the brackets and the position, which the writer knows.
    pub(super) row: String,
    /// `[execution_id, input, result]`, if there is one of these.
    pub(super) data: Option<String>,
}

impl Entry {
    /// # Errors
    /// [`StoreError::Refused`] when the commit contradicts itself or exceeds a limit.
    pub(super) fn of(commit: Commit) -> Result<Self, StoreError> {
        let Commit { id, time, execution, events, tasks } = commit;
        let change = execution.as_ref().map(|change| encode_change(change, events.len())).transpose()?;
        let mut entry = Self {
            id,
            change,
            envelopes: Vec::with_capacity(events.len()),
            events: String::new(),
            adds: String::new(),
            claims: String::new(),
            settles: String::new(),
            added: Vec::new(),
            touched: Vec::new(),
        };
        for event in events {
            entry.envelopes.push(Envelope {
                id: event.id,
                position: None,
                time,
                correlation_id: event.correlation_id,
                causation_id: event.causation_id,
                traceparent: event.traceparent,
                event: event.event,
            });
        }
        entry.encode_events()?;
        entry.encode_tasks(&tasks)?;
        let bytes = entry.bytes();
        if bytes > MAX_COMMIT_BYTES {
            return Err(StoreError::Refused(format!("it holds {bytes} bytes, the limit is {MAX_COMMIT_BYTES}")));
        }
        Ok(entry)
    }

    /// The events with their positions from `first` on; they are moved out.
    pub(super) fn placed(&mut self, first: Position) -> Arc<[Envelope]> {
        for (envelope, position) in self.envelopes.iter_mut().zip(first.0..) {
            envelope.position = Some(Position(position));
        }
        std::mem::take(&mut self.envelopes).into()
    }

    /// Bytes it will take in a script.
    pub(super) fn bytes(&self) -> usize {
        let change =
            self.change.as_ref().map_or(0, |change| change.row.len() + change.data.as_ref().map_or(0, String::len));
        change + self.events.len() + self.adds.len() + self.claims.len() + self.settles.len()
    }

    fn encode_events(&mut self) -> Result<(), StoreError> {
        let owner = self.change.as_ref().map(|change| change.execution_id);
        let mut rows = Rows::with_capacity(self.envelopes.len() * 640);
        for (index, envelope) in self.envelopes.iter().enumerate() {
            let event = &envelope.event;
            if event.execution_id() != owner {
                let of = |id: Option<ExecutionId>| id.map_or("no execution".to_owned(), |id| format!("execution {id}"));
                return Err(StoreError::Refused(format!(
                    "a `{}` event of {} in a commit of {}",
                    event.name(),
                    of(event.execution_id()),
                    of(owner)
                )));
            }
            let version = self.change.as_ref().map(|change| change.expected + 1 + index as u64);
            rows.open();
            rows.value(&envelope.id);
            rows.value(&envelope.time);
            rows.value(event.name());
            rows.value(&owner);
            rows.value(&version);
            rows.value(&history::subject(event));
            rows.value(&envelope.correlation_id);
            rows.value(&envelope.causation_id);
            rows.value(&envelope.traceparent);
            rows.value(&(index == 0).then_some(self.id));
            rows.payload(&event.data(), || format!("the data of a `{}` event", event.name()))?;
            rows.close();
        }
        self.events = rows.into_string();
        Ok(())
    }

    fn encode_tasks(&mut self, tasks: &[TaskChange]) -> Result<(), StoreError> {
        let (mut adds, mut claims, mut settles) = (Rows::default(), Rows::default(), Rows::default());
        let mut seen = HashSet::new();
        for change in tasks {
            let key = match change {
                TaskChange::Add { task, due, claimed_by } => {
                    if !seen.insert(&task.key) {
                        return Err(StoreError::Refused(format!("task {} is added after it was named", task.key)));
                    }
                    self.added.push(hash(&task.key));
                    adds.open();
                    adds.key(&task.key);
                    adds.value(&task.protocol);
                    adds.value(due);
                    adds.value(claimed_by);
                    adds.payload(&**task, || format!("task {}", task.key))?;
                    adds.close();
                    &task.key
                }
                TaskChange::Claim { key, worker } => {
                    claims.open();
                    claims.key(key);
                    claims.value(worker);
                    claims.close();
                    key
                }
                TaskChange::Settle { key } => {
                    settles.key(key);
                    key
                }
            };
            seen.insert(key);
            self.touched.push(hash(key));
        }
        (self.adds, self.claims, self.settles) = (adds.into_string(), claims.into_string(), settles.into_string());
        Ok(())
    }
}

fn encode_change(change: &ExecutionChange, events: usize) -> Result<Change, StoreError> {
    let id = change.execution_id;
    let refused = |why: &str| StoreError::Refused(format!("execution {id}: {why}"));
    let state = state::word(change.phase, change.outcome)
        .ok_or_else(|| refused("an outcome belongs to a completed execution, and only to one"))?;
    if change.expected_version == 0 && events == 0 {
        return Err(refused("an execution starts with an event"));
    }
    let mut row = Rows::with_capacity(256);
    row.value(&id);
    row.value(&(change.expected_version + events as u64));
    row.value(&change.path);
    row.value(&change.playbook_version);
    row.value(state);
    row.value(&change.step);
    row.value(&if change.progress.is_finite() { change.progress } else { 0.0 });
    row.value(&change.created_at);
    row.value(&change.ended_at);
    row.value(&change.wake_at);
    row.payload(&change.error, || format!("the error of execution {id}"))?;
    let data = if change.input.is_some() || change.result.is_some() {
        let mut data = Rows::default();
        data.open();
        data.value(&id);
        data.payload(&change.input, || format!("the input of execution {id}"))?;
        data.payload(&change.result, || format!("the result of execution {id}"))?;
        data.close();
        Some(data.into_string())
    } else {
        None
    };
    Ok(Change {
        execution_id: id,
        expected: change.expected_version,
        state,
        path: change.path.clone(),
        ends: change.ended_at.is_some() || change.error.is_some(),
        row: row.into_string(),
        data,
    })
}

fn hash(key: &TaskKey) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}
