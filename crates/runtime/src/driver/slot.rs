//! One active execution as the driver holds it.

use super::{PoolId, Reply, causes::Causes};
use crate::{
    api::from_store,
    catalog::{Catalog, Entry},
};
use engine::{Execution, Input};
use protocol::{Envelope, ExecutionId, Position, Problem, Task, TaskKey, Timestamp};
use std::{collections::VecDeque, sync::Arc};
use store::{Commit, Store, StoreError, StoredTask};

/// Events read at once while folding an execution from the log.
const PAGE: u32 = 1_000;

pub(crate) struct Slot {
    pub(super) entry: Arc<Entry>,
    /// As of the newest commit.
    pub(super) state: Execution,
    pub(super) causes: Causes,
    pub(super) mailbox: VecDeque<Letter>,
    pub(super) in_flight: Option<Flight>,
    pub(super) reloading: bool,
    /// Of its newest event here.
    pub(super) position: Position,
    /// Of its newest event in the log, as told while a commit or a reading of it was under way.
    pub(super) moved_to: Position,
    /// Its tasks as they were found at a position, while it is looked whether it was moved on since.
    pub(super) recovered: Option<(Position, Vec<StoredTask>)>,
    /// Each input gets a commit of its own: together they were more than the store takes.
    pub(super) one_by_one: bool,
    /// Somebody else's: decided here now and then, and nothing of it is kept waiting here.
    pub(super) is_visited: bool,
    /// When it wants a tick, as the timers know it.
    pub(super) wake_at: Option<Timestamp>,
    /// Of the commit under way that is its submission: finds out whether it was made.
    pub(super) probe: Option<Commit>,
}

/// What was read of an execution that others moved.
pub(super) enum News {
    /// It was not known here.
    All(Box<Slot>),
    /// What comes after that which was known.
    More(Vec<Envelope>),
}

/// An input that waits for its turn.
#[allow(clippy::large_enum_variant, reason = "most are inputs, and a mailbox holds few")]
pub(super) enum Letter {
    /// `reply`: somebody waits for the decision to be durable.
    Input { input: Input, reply: Option<Reply> },
    /// A place in `pool` is reserved for the task.
    Claim { pool: PoolId, task: Arc<Task> },
    /// A task that is a child execution, and was due later, is due.
    Child(Arc<Task>),
}

/// What happens when the commit under way is durable.
pub(super) struct Flight {
    pub(super) letters: Vec<Letter>,
    pub(super) next: Execution,
    pub(super) wake_at: Option<Timestamp>,
    /// Tasks that were claimed, each with its reserved place.
    pub(super) run: Vec<(PoolId, Arc<Task>)>,
    /// Tasks that wait for a place.
    pub(super) queue: Vec<Arc<Task>>,
    /// Tasks nobody may claim yet.
    pub(super) held: Vec<(Arc<Task>, Timestamp)>,
    /// Tasks that are child executions.
    pub(super) children: Vec<Arc<Task>>,
    pub(super) settled: Vec<TaskKey>,
}

impl Slot {
    pub(super) fn new(id: ExecutionId, entry: Arc<Entry>) -> Self {
        Self {
            entry,
            state: Execution::new(id),
            causes: Causes::default(),
            mailbox: VecDeque::new(),
            in_flight: None,
            reloading: false,
            position: Position(0),
            moved_to: Position(0),
            one_by_one: false,
            is_visited: false,
            wake_at: None,
            probe: None,
            recovered: None,
        }
    }

    /// Folds an execution from the log.
    pub(crate) async fn load(store: &Arc<dyn Store>, id: ExecutionId, entry: Arc<Entry>) -> Result<Self, StoreError> {
        let mut slot = Self::new(id, entry);
        slot.follow(store).await?;
        Ok(slot)
    }

    /// Folds what the log has more.
    pub(super) async fn follow(&mut self, store: &Arc<dyn Store>) -> Result<(), StoreError> {
        while let Some(events) = page(store, self.id(), self.position).await? {
            self.go_on(&events);
        }
        Ok(())
    }

    pub(crate) fn id(&self) -> ExecutionId {
        self.state.id()
    }

    /// What the log has of an execution after a position: from the beginning on as [`Slot::load`], and should it run
    /// another version than the entry's, with that one.
    pub(super) async fn news(
        store: &Arc<dyn Store>,
        catalog: &Catalog,
        id: ExecutionId,
        entry: Arc<Entry>,
        mut after: Position,
    ) -> Result<News, Problem> {
        if after > Position(0) {
            let mut events = Vec::new();
            while let Some(mut more) = page(store, id, after).await.map_err(from_store)? {
                after = more.last().and_then(|envelope| envelope.position).unwrap_or(after);
                events.append(&mut more);
            }
            return Ok(News::More(events));
        }
        let version = entry.row.version;
        let mut slot = Self::load(store, id, entry).await.map_err(from_store)?;
        let runs = slot.state.playbook_version();
        if runs != version && slot.state.event_count() > 0 {
            slot.entry = catalog.entry(slot.state.path(), Some(runs)).await?;
        }
        Ok(News::All(Box::new(slot)))
    }

    pub(super) fn take(&mut self, news: News) {
        match news {
            News::All(slot) => self.take_state_of(*slot),
            News::More(events) => self.go_on(&events),
        }
    }

    /// Whether somebody has begun this task, and it is not settled.
    pub(crate) fn has_begun(&self, key: &TaskKey) -> bool {
        self.state.is_claimed(key)
    }

    /// Events it was folded from.
    pub(crate) fn event_count(&self) -> u64 {
        self.state.event_count()
    }

    /// Whether, if it has no task, nothing will ever move it.
    pub(crate) fn waits_for_nothing(&self) -> bool {
        self.state.waits_for_tasks_only()
    }

    pub(super) fn take_state_of(&mut self, fresh: Slot) {
        self.entry = fresh.entry;
        self.state = fresh.state;
        self.causes = fresh.causes;
        self.position = fresh.position;
    }

    /// Whether somebody else moved it on since.
    pub(super) fn is_stale(&self) -> bool {
        self.moved_to > self.position
    }

    /// Folds what comes after its newest event.
    fn go_on(&mut self, events: &[Envelope]) {
        for envelope in events.iter().filter(|envelope| envelope.position > Some(self.position)) {
            self.state.apply(&envelope.event, envelope.time);
            self.causes.note(&envelope.event, envelope.id);
        }
        self.position = events.last().and_then(|envelope| envelope.position).unwrap_or_default().max(self.position);
    }
}

/// Events of an execution after a position, with their values; `None` when there are no more.
async fn page(store: &Arc<dyn Store>, id: ExecutionId, after: Position) -> Result<Option<Vec<Envelope>>, StoreError> {
    let mut events = store.execution_events(id, after, PAGE).await?;
    store.hydrate(&mut events).await?;
    Ok((!events.is_empty()).then_some(events))
}

impl Letter {
    /// Whether it brings the execution into being and somebody waits to hear that it did.
    pub(super) fn is_submission(&self) -> bool {
        matches!(self, Letter::Input { input: Input::Start { .. } | Input::Queue { .. }, reply: Some(_) })
    }

    pub(super) fn answer(self, result: &Result<(), Problem>) {
        if let Letter::Input { reply: Some(reply), .. } = self {
            // Whoever asked may have gone.
            let _ = reply.send(result.clone());
        }
    }
}

impl Flight {
    /// Tells those who wait how it went. Whoever waits is told once.
    pub(super) fn answer(&mut self, result: &Result<(), Problem>) {
        for letter in self.letters.drain(..) {
            letter.answer(result);
        }
    }

    /// Puts the letters back at the head of the mailbox, but for claims: their places are given back, and their
    /// tasks wait for one anew. Returns both.
    pub(super) fn give_back(self, slot: &mut Slot) -> (Vec<PoolId>, Vec<Arc<Task>>) {
        let mut waiting = Vec::new();
        for letter in self.letters.into_iter().rev() {
            match letter {
                Letter::Claim { task, .. } => waiting.push(task),
                letter => slot.mailbox.push_front(letter),
            }
        }
        waiting.reverse();
        (self.run.into_iter().map(|(pool, _)| pool).collect(), waiting)
    }
}
