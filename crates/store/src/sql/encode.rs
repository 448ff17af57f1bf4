//! A commit as the writer takes it: checked, and encoded in the caller's task so that the writer only joins it with
//! others.

use super::{
    beside::Beside,
    payload::{checked, payload, text, written},
};
use crate::{
    Commit, ExecutionChange, NewEvent, StoreError, TaskChange, blobs, history,
    limits::{BLOB_FROM_BYTES, MAX_COMMIT_BLOB_BYTES, MAX_COMMIT_BYTES},
    state,
};
use foldhash::{HashSet, HashSetExt, fast::RandomState};
use protocol::{CommitId, Envelope, Event, EventId, ExecutionId, Phase, Position, TaskKey, Timestamp};
use serde_json::Value;
use std::{
    collections::HashMap,
    fmt::{Debug, Write},
    hash::BuildHasher,
    sync::{Arc, LazyLock},
};

/// One commit, ready to be written.
#[derive(Debug)]
pub(crate) struct Entry<R> {
    pub(crate) id: CommitId,
    pub(crate) change: Option<Change>,
    /// Without positions yet.
    pub(crate) envelopes: Vec<Envelope>,
    /// Hashes of the tasks added, and of all tasks named.
    pub(crate) added: Vec<u64>,
    pub(crate) touched: Vec<u64>,
    pub(crate) rows: R,
    /// What few commits bring.
    pub(crate) beside: Option<Box<Beside>>,
}

/// What the writer needs to know of the execution's part of a commit.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) execution_id: ExecutionId,
    pub(crate) expected: u64,
    /// The state it is taken to be in before, if it exists: the usual one, since finding another costs a second try.
    pub(crate) before: &'static str,
    pub(crate) state: &'static str,
    pub(crate) path: Arc<str>,
    /// The row has more to say than a step's usual commit: an end or an error.
    pub(crate) ends: bool,
}

/// A commit's rows, as a backend's statements take them.
pub trait Rows: Debug + Default + Send + Sync + 'static {
    fn event(&mut self, row: &EventRow<'_>, data: String);
    fn add_task(&mut self, key: String, protocol: &str, due: Timestamp, claimed_by: Option<&str>, task: String);
    fn claim_task(&mut self, key: String, worker: &str);
    fn settle_task(&mut self, key: String);
    /// The execution's row, after this commit. `error` is JSON.
    fn execution(&mut self, row: &ExecutionRow<'_>, error: Option<String>);
    /// JSON each.
    fn execution_data(&mut self, id: ExecutionId, input: Option<String>, result: Option<String>);
    /// About how much there is to write.
    fn bytes(&self) -> usize;
}

/// A row of `events` but for `position` and `data`.
#[derive(Debug)]
pub struct EventRow<'e> {
    pub(crate) id: EventId,
    pub(crate) time: Timestamp,
    pub(crate) name: &'e str,
    pub(crate) execution_id: Option<ExecutionId>,
    pub(crate) version: Option<u64>,
    pub(crate) subject: Option<&'e str>,
    pub(crate) correlation_id: Option<&'e str>,
    pub(crate) causation_id: Option<&'e str>,
    pub(crate) traceparent: Option<&'e str>,
    pub(crate) commit_id: Option<CommitId>,
}

impl<'e> EventRow<'e> {
    /// Of the event at `index` of a commit.
    pub(crate) fn of(commit: CommitId, change: Option<&Change>, index: usize, envelope: &'e Envelope) -> Self {
        Self {
            id: envelope.id,
            time: envelope.time,
            name: envelope.event.name(),
            execution_id: change.map(|change| change.execution_id),
            version: change.map(|change| change.expected + 1 + index as u64),
            subject: history::subject(&envelope.event),
            correlation_id: envelope.correlation_id.as_deref(),
            causation_id: envelope.causation_id.as_deref(),
            traceparent: envelope.traceparent.as_deref(),
            commit_id: (index == 0).then_some(commit),
        }
    }
}

/// A row of `executions` but for `error` and `position`.
#[derive(Debug)]
pub struct ExecutionRow<'c> {
    pub(crate) execution_id: ExecutionId,
    pub(crate) version: u64,
    pub(crate) path: &'c str,
    pub(crate) playbook_version: u32,
    pub(crate) state: &'static str,
    pub(crate) step: Option<&'c str>,
    pub(crate) progress: f64,
    pub(crate) created_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) wake_at: Option<Timestamp>,
    /// `None` keeps the one it has.
    pub(crate) owner: Option<&'c str>,
}

impl<R: Rows> Entry<R> {
    /// # Errors
    /// [`StoreError::Refused`] when the commit contradicts itself or exceeds a limit.
    pub(crate) fn of(commit: Commit) -> Result<Self, StoreError> {
        let Commit { id, time, execution, events, tasks } = commit;
        let mut rows = R::default();
        let mut beside = None;
        let change = execution
            .as_ref()
            .map(|change| encode_change(change, &events, time, &mut rows, &mut beside))
            .transpose()?;
        let (added, touched) = (Vec::new(), Vec::new());
        let mut entry = Self { id, change, envelopes: Vec::with_capacity(events.len()), added, touched, rows, beside };
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
        let (bytes, blobs) = (entry.rows.bytes(), entry.beside.as_ref().map_or(0, |beside| beside.bytes()));
        if bytes > MAX_COMMIT_BYTES {
            return Err(StoreError::Refused(format!("it holds {bytes} bytes, the limit is {MAX_COMMIT_BYTES}")));
        }
        if blobs > MAX_COMMIT_BLOB_BYTES {
            let limit = MAX_COMMIT_BLOB_BYTES;
            return Err(StoreError::Refused(format!("its large values hold {blobs} bytes, the limit is {limit}")));
        }
        Ok(entry)
    }

    /// The key of the submission it creates an execution for.
    pub(crate) fn submission(&self) -> Option<&str> {
        self.beside.as_ref()?.submission.as_deref()
    }

    /// The other execution that was submitted with its key, by whose the keys are.
    pub(crate) fn taken_by_another(&self, taken: &HashMap<String, ExecutionId>) -> Option<ExecutionId> {
        let by = *taken.get(self.submission()?)?;
        (Some(by) != self.change.as_ref().map(|change| change.execution_id)).then_some(by)
    }

    /// About how much there is to write.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.bytes() + self.beside.as_ref().map_or(0, |beside| beside.bytes())
    }

    /// The events with their positions from `first` on; they are moved out.
    pub(crate) fn placed(&mut self, first: Position) -> Arc<[Arc<Envelope>]> {
        for (envelope, position) in self.envelopes.iter_mut().zip(first.0..) {
            envelope.position = Some(Position(position));
        }
        std::mem::take(&mut self.envelopes).into_iter().map(Arc::new).collect()
    }

    fn encode_events(&mut self) -> Result<(), StoreError> {
        let owner = self.change.as_ref().map(|change| change.execution_id);
        for (index, envelope) in self.envelopes.iter_mut().enumerate() {
            let event = &mut envelope.event;
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
            let mut data = written(&event.data());
            if version.is_some() && data.len() > BLOB_FROM_BYTES {
                let blobs = &mut self.beside.get_or_insert_default().blobs;
                blobs::outsource(event, envelope.time, blobs)?;
                data = written(&event.data());
            }
            if let Some(version) = version {
                Beside::note(&mut self.beside, event, version, envelope.time)?;
            }
            let row = EventRow::of(self.id, self.change.as_ref(), index, envelope);
            text(row.name, "the event's type")?;
            optional(row.subject, "the event's subject")?;
            optional(row.correlation_id, "the correlation id")?;
            optional(row.causation_id, "the causation id")?;
            optional(row.traceparent, "the trace's parent")?;
            let data = checked(data, || format!("the data of a `{}` event", row.name))?;
            self.rows.event(&row, data);
        }
        Ok(())
    }

    fn encode_tasks(&mut self, tasks: &[TaskChange]) -> Result<(), StoreError> {
        let mut seen = HashSet::new();
        for change in tasks {
            let key = match change {
                TaskChange::Add { task, due, claimed_by } => {
                    if !seen.insert(&task.key) {
                        return Err(StoreError::Refused(format!("task {} is added after it was named", task.key)));
                    }
                    self.added.push(hash(&task.key));
                    let protocol = text(&task.protocol, "the task's protocol")?;
                    let worker = optional(claimed_by.as_deref(), "the worker")?;
                    let whole = payload(&**task, || format!("task {}", task.key))?;
                    self.rows.add_task(word(&task.key)?, protocol, *due, worker, whole);
                    &task.key
                }
                TaskChange::Claim { key, worker } => {
                    self.rows.claim_task(word(key)?, text(worker, "the worker")?);
                    key
                }
                TaskChange::Settle { key } => {
                    self.rows.settle_task(word(key)?);
                    key
                }
            };
            seen.insert(key);
            self.touched.push(hash(key));
        }
        Ok(())
    }
}

fn encode_change<R: Rows>(
    change: &ExecutionChange,
    events: &[NewEvent],
    time: Timestamp,
    rows: &mut R,
    beside: &mut Option<Box<Beside>>,
) -> Result<Change, StoreError> {
    let id = change.execution_id;
    let refused = |why: &str| StoreError::Refused(format!("execution {id}: {why}"));
    let state = state::word(change.phase, change.outcome)
        .ok_or_else(|| refused("an outcome belongs to a completed execution, and only to one"))?;
    if change.expected_version == 0 && events.is_empty() {
        return Err(refused("an execution starts with an event"));
    }
    let row = ExecutionRow {
        execution_id: id,
        version: change.expected_version + events.len() as u64,
        path: text(&change.path, "the path")?,
        playbook_version: change.playbook_version,
        state,
        step: optional(change.step.as_deref(), "the step")?,
        progress: if change.progress.is_finite() { change.progress } else { 0.0 },
        created_at: change.created_at,
        ended_at: change.ended_at,
        wake_at: change.wake_at,
        owner: optional(change.owner.as_deref(), "the owner")?,
    };
    let part = |what: &str| format!("the {what} of execution {id}");
    let error = change.error.as_ref().map(|error| payload(error, || part("error"))).transpose()?;
    rows.execution(&row, error);
    if change.input.is_some() || change.result.is_some() {
        let mut data = |value: &Option<Arc<Value>>, what: &str| {
            let Some(value) = value else { return Ok(None) };
            let data = written(value);
            if data.len() <= BLOB_FROM_BYTES {
                return checked(data, || part(what)).map(Some);
            }
            // The same value as in an event: stored once.
            let blobs = &mut beside.get_or_insert_default().blobs;
            let reference = blobs::outsourced(value, time, &part(what), blobs)?;
            Ok(reference.map(|reference| reference.to_string()))
        };
        let (input, result) = (data(&change.input, "input")?, data(&change.result, "result")?);
        rows.execution_data(id, unless_null(input), unless_null(result));
    }
    let starts = || events.iter().any(|event| matches!(event.event, Event::ExecutionStart(_)));
    let before = if change.phase == Phase::Initial || starts() { Phase::Initial } else { Phase::InProgress };
    Ok(Change {
        execution_id: id,
        expected: change.expected_version,
        before: before.word(),
        state,
        path: change.path.clone(),
        ends: change.ended_at.is_some() || change.error.is_some(),
    })
}

pub(crate) fn optional<'t>(value: Option<&'t str>, what: &str) -> Result<Option<&'t str>, StoreError> {
    value.map(|value| text(value, what)).transpose()
}

/// A null is kept as none is: as NULL.
pub(crate) fn unless_null(value: Option<String>) -> Option<String> {
    value.filter(|json| json != "null")
}

/// What a task's key takes, if its step's name is not long.
const KEY_BYTES: usize = 80;

/// A task's key in one word.
fn word(key: &TaskKey) -> Result<String, StoreError> {
    let mut word = String::with_capacity(KEY_BYTES);
    write!(word, "{key}").expect("a String takes everything");
    text(&word, "the task")?;
    Ok(word)
}

fn hash(key: &TaskKey) -> u64 {
    /// With a key of this process: no worse than that a group ends sooner than it must.
    static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::default);
    STATE.hash_one(key)
}
