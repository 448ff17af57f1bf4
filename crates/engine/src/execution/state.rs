//! What an execution's log adds up to.

use super::{
    items::Iteration,
    piece::{Hold, Piece},
    work::LostAttempt,
};
use crate::effort::look;
use foldhash::fast::FixedState;
use protocol::{
    ExecutionId, Outcome, Phase, TaskError, Timestamp,
    event::{Origin, Progress},
};
use rpds::{HashTrieMap, QueueSync, RedBlackTreeMapSync, RedBlackTreeSetSync, VectorSync};
use serde_json::Value;
use std::sync::Arc;

/// Hashes with a fixed key: nothing in the engine is drawn at random.
type Names = HashTrieMap<Arc<str>, RecordId, archery::ArcTK, FixedState>;

/// The state of one execution after some of its events. Cloning shares everything.
#[derive(Clone, Debug, PartialEq)]
pub struct Execution {
    pub(super) id: ExecutionId,
    pub(super) path: Arc<str>,
    pub(super) version: u32,
    pub(super) origin: Arc<Origin>,
    /// Waits to be let in, or did.
    pub(super) is_queued: bool,
    pub(super) phase: Phase,
    pub(super) outcome: Option<Outcome>,
    pub(super) result: Option<Arc<Value>>,
    pub(super) error: Option<Arc<TaskError>>,
    pub(super) progress: Progress,
    pub(super) last_step: Option<Arc<str>>,
    pub(super) event_count: u64,
    pub(super) created_at: Timestamp,
    /// The latest time of an event.
    pub(super) latest: Timestamp,
    pub(super) started_at: Option<Timestamp>,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) input: Arc<Value>,
    pub(super) workload: Option<Arc<Value>>,
    /// Visits beyond the first of a step, of all steps together.
    pub(super) repeats: u32,
    /// The step that finished last.
    pub(super) finished_last: Option<RecordId>,
    /// Every step the log has named, in order of its first mention.
    pub(super) records: VectorSync<Record>,
    pub(super) names: Names,
    /// Visits under way, by step and visit.
    pub(super) running: RedBlackTreeMapSync<(RecordId, u32), Visit>,
    /// Steps that arcs led to and that have not run since.
    pub(super) waiting: RedBlackTreeMapSync<RecordId, VectorSync<Arrival>>,
    /// Visits of iterators under way, by step and visit.
    pub(super) iterations: RedBlackTreeMapSync<(RecordId, u32), Iteration>,
    /// Their items that are under way and have been heard of, by step, visit and item.
    pub(super) items: RedBlackTreeMapSync<(RecordId, u32, u32), Piece>,
    /// When the engine stops waiting, by time, with the visit that waits.
    pub(super) deadlines: RedBlackTreeSetSync<(Timestamp, RecordId, u32)>,
    /// Visits that wait for a signal, by its name, in the order in which they began to.
    pub(super) listeners: RedBlackTreeSetSync<(Arc<str>, u64, RecordId, u32)>,
    /// Signals that nobody waited for yet, oldest first, by name.
    pub(super) signals: RedBlackTreeMapSync<Arc<str>, QueueSync<Arc<Value>>>,
    pub(super) signal_count: u32,
    /// Attempts whose workers were lost, until they are heard of after all.
    pub(super) lost: RedBlackTreeSetSync<LostAttempt>,
    pub(super) is_paused: bool,
    /// It was cancelled, and what cleans up runs.
    pub(super) is_cancelling: bool,
    /// What went wrong first while it cleaned up, and was not handled by an arc.
    pub(super) failed_cleanup: Option<Arc<TaskError>>,
}

/// A step in the order in which the log first named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RecordId(pub(super) usize);

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    pub(super) name: Arc<str>,
    /// Visits begun; of a control step, passes.
    pub(super) visits: u32,
    /// Visits under way.
    pub(super) running: u32,
    pub(super) is_completed: bool,
    /// What the last visit came to; of a failed one a map with `status: error` and `error`.
    pub(super) result: Option<Arc<Value>>,
}

/// A visit under way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Visit {
    pub(super) input: Arc<Value>,
    /// What `result` was when it started: its fields are rendered with it, also for a later attempt.
    pub(super) before: Option<Arc<Value>>,
    /// What its action came to: with `join: any` several visits of a step are under way at once, and the step's result
    /// may be another's.
    pub(super) result: Option<Arc<Value>>,
    /// A save follows its action, as a task of its own.
    pub(super) saves: bool,
    pub(super) piece: Piece,
}

/// An arc that was taken.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Arrival {
    pub(crate) data: Option<Arc<Value>>,
}

impl Execution {
    /// The execution before its first event.
    pub fn new(id: ExecutionId) -> Self {
        Self {
            id,
            path: "".into(),
            version: 0,
            origin: Arc::default(),
            is_queued: false,
            phase: Phase::Initial,
            outcome: None,
            result: None,
            error: None,
            progress: Progress::default(),
            last_step: None,
            event_count: 0,
            created_at: Timestamp(0),
            latest: Timestamp(0),
            started_at: None,
            ended_at: None,
            input: Arc::new(Value::Null),
            workload: None,
            repeats: 0,
            finished_last: None,
            records: VectorSync::new_sync(),
            names: Names::new_with_hasher_and_ptr_kind(FixedState::default()),
            running: RedBlackTreeMapSync::new_sync(),
            waiting: RedBlackTreeMapSync::new_sync(),
            iterations: RedBlackTreeMapSync::new_sync(),
            items: RedBlackTreeMapSync::new_sync(),
            deadlines: RedBlackTreeSetSync::new_sync(),
            listeners: RedBlackTreeSetSync::new_sync(),
            signals: RedBlackTreeMapSync::new_sync(),
            signal_count: 0,
            lost: RedBlackTreeSetSync::new_sync(),
            is_paused: false,
            is_cancelling: false,
            failed_cleanup: None,
        }
    }

    pub fn id(&self) -> ExecutionId {
        self.id
    }

    /// Empty before the start.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// 0 before the start.
    pub fn playbook_version(&self) -> u32 {
        self.version
    }

    /// Where it comes from and what it was asked to keep to.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether it waits to be let in.
    pub fn is_queued(&self) -> bool {
        self.is_queued && self.phase == Phase::Initial
    }

    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether nothing new begins until it is resumed.
    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Whether, with no task, it waits for nothing: it is in progress and not paused, and no step waits for a time, a
    /// signal or a person.
    pub fn waits_for_tasks_only(&self) -> bool {
        let is_wait = |visit: &Visit| matches!(visit.piece.hold, Hold::Waits { .. } | Hold::Asks { .. });
        self.phase == Phase::InProgress && !self.is_paused && !self.running.values().any(is_wait)
    }

    /// Whether it was cancelled and goes on only to clean up.
    pub fn is_cancelling(&self) -> bool {
        self.is_cancelling
    }

    pub(crate) fn failed_cleanup(&self) -> Option<&TaskError> {
        self.failed_cleanup.as_deref()
    }

    /// Set exactly when the phase is `Completed`.
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// Set when the execution has ended.
    pub fn result(&self) -> Option<Arc<Value>> {
        self.result.clone()
    }

    pub fn error(&self) -> Option<&TaskError> {
        self.error.as_deref()
    }

    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// The step whose event came last.
    pub fn last_step(&self) -> Option<&str> {
        self.last_step.as_deref()
    }

    /// Events applied: the execution's version in the store.
    pub fn event_count(&self) -> u64 {
        self.event_count
    }

    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When it was let in; later than `created_at` if it had to wait.
    pub fn started_at(&self) -> Option<Timestamp> {
        self.started_at
    }

    pub fn ended_at(&self) -> Option<Timestamp> {
        self.ended_at
    }

    /// The request's input as it came; `null` before the start.
    pub fn input(&self) -> Arc<Value> {
        self.input.clone()
    }

    /// The workload with the input merged over it; `None` before the start.
    pub(crate) fn workload(&self) -> Option<&Arc<Value>> {
        self.workload.as_ref()
    }

    /// What the last visit of a step came to.
    pub(crate) fn step_result(&self, step: &str) -> Option<&Arc<Value>> {
        self.record(*self.names.get(step)?).result.as_ref()
    }

    /// What the last visit of a step came to, for whoever asks for that instead of the execution's result.
    pub fn result_of(&self, step: &str) -> Option<Arc<Value>> {
        self.step_result(step).cloned()
    }

    /// The result of the step that finished last.
    pub(crate) fn last_result(&self) -> Option<&Arc<Value>> {
        self.record(self.finished_last?).result.as_ref()
    }

    /// Visits of a step so far.
    pub(crate) fn visits(&self, step: &str) -> u32 {
        self.names.get(step).map_or(0, |record| self.record(*record).visits)
    }

    /// Visits beyond the first of a step, of all steps together.
    pub(crate) fn repeats(&self) -> u32 {
        self.repeats
    }

    pub(crate) fn is_completed(&self, step: &str) -> bool {
        self.names.get(step).is_some_and(|record| self.record(*record).is_completed)
    }

    pub(crate) fn is_running(&self, step: &str) -> bool {
        self.names.get(step).is_some_and(|record| self.record(*record).running > 0)
    }

    pub(crate) fn is_waiting(&self, step: &str) -> bool {
        self.names.get(step).is_some_and(|record| self.waiting.contains_key(record))
    }

    /// The arcs that led to a waiting step, oldest first.
    pub(crate) fn arrivals(&self, step: &str) -> Vec<Arrival> {
        let arrivals = self.names.get(step).and_then(|record| self.waiting.get(record));
        arrivals.map_or_else(Vec::new, |arrivals| arrivals.iter().inspect(|_| look()).cloned().collect())
    }

    /// Names of the steps with visits under way, a step once per visit.
    pub(crate) fn running_steps(&self) -> impl Iterator<Item = &Arc<str>> {
        self.running.keys().inspect(|_| look()).map(|(record, _)| self.name(*record))
    }

    pub(crate) fn running_count(&self) -> usize {
        self.running.size()
    }

    /// Names of the steps that arcs led to and that have not run since.
    pub(crate) fn waiting_steps(&self) -> impl Iterator<Item = &Arc<str>> {
        self.waiting.keys().inspect(|_| look()).map(|record| self.name(*record))
    }

    pub(crate) fn waiting_count(&self) -> usize {
        self.waiting.size()
    }

    pub(super) fn record(&self, id: RecordId) -> &Record {
        self.records.get(id.0).expect("record ids come from pushes to the records, which only grow")
    }

    fn name(&self, id: RecordId) -> &Arc<str> {
        &self.record(id).name
    }
}
