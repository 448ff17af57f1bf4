//! Turning what is in a mailbox into one commit.

use super::{
    causes::Causes,
    children::{ENGINE, PLAYBOOK},
    pools::{PoolId, Pools},
    slot::{Flight, Letter, Slot},
};
use crate::Environment;
use engine::{Decision, Execution, Input, NewTask};
use foldhash::{HashSet, HashSetExt};
use protocol::{CommitId, Event, EventId, Phase, Problem, Task, TaskError, TaskKey, Timestamp, event::Progress};
use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};
use store::{Commit, ExecutionChange, NewEvent, TaskChange};

/// Events in one commit, after which the rest of the mailbox waits for the next one: bounds its size and the
/// time in which nobody else's commit can start.
const EVENTS: usize = 4_096;

/// A decision not yet committed.
pub(super) struct Draft {
    /// `None` when the inputs changed nothing.
    pub(super) commit: Option<Commit>,
    pub(super) flight: Flight,
    /// Places that were reserved for tasks nobody wants any more.
    pub(super) released: Vec<PoolId>,
    /// What is answered at once: commands that cannot be carried out.
    pub(super) refused: Vec<(Letter, Problem)>,
}

impl Draft {
    /// Evaluates the mailbox in order, each input on the state the one before led to.
    pub(super) fn decide(slot: &mut Slot, pools: &mut Pools, server: &Arc<str>, environment: &dyn Environment) -> Self {
        let now = environment.now();
        let entry = slot.entry.clone();
        let mut drafting = Drafting {
            next: Cow::Borrowed(&slot.state),
            is_visited: slot.is_visited,
            server,
            now,
            events: Vec::new(),
            changes: Vec::new(),
            run: Vec::new(),
            queue: Vec::new(),
            held: Vec::new(),
            children: Vec::new(),
            settled: Vec::new(),
            added: HashSet::new(),
            taken_up: HashSet::new(),
            released: Vec::new(),
            wake_at: slot.wake_at,
        };
        let mut letters = Vec::new();
        let mut refused = Vec::new();
        while drafting.events.len() < EVENTS
            && (!slot.one_by_one || letters.is_empty())
            && let Some(letter) = slot.mailbox.pop_front()
        {
            // What a pause takes out of the task table a later input may put back under the same key, and within a
            // commit tasks are settled last.
            let is_pause = matches!(&letter, Letter::Input { input: Input::Pause { .. }, .. });
            let before = drafting.events.len();
            match drafting.take(&letter, &entry.playbook, pools) {
                None => letters.push(letter),
                Some(problem) => refused.push((letter, problem)),
            }
            if is_pause && drafting.events.len() > before {
                break;
            }
        }
        let Drafting { next, events, changes, run, queue, held, children, settled, released, wake_at, .. } = drafting;
        let next = next.into_owned();
        let commit = (!events.is_empty()).then(|| {
            let mut execution = change(slot, &next, wake_at);
            execution.owner = (!slot.is_visited && slot.state.event_count() == 0).then(|| server.clone());
            let correlation_id = Some(next.id().to_string());
            let mut drafted = Causes::default();
            let events = events
                .into_iter()
                .map(|event| {
                    let id = EventId(environment.id());
                    let causation_id = slot.causes.of(&event, &drafted).map(|id| id.to_string());
                    drafted.note(&event, id);
                    NewEvent { id, correlation_id: correlation_id.clone(), causation_id, traceparent: None, event }
                })
                .collect();
            Commit { id: CommitId(environment.id()), time: now, execution: Some(execution), events, tasks: changes }
        });
        Self {
            commit,
            flight: Flight { letters, next, wake_at, run, queue, held, children, settled },
            released,
            refused,
        }
    }
}

struct Drafting<'a> {
    next: Cow<'a, Execution>,
    is_visited: bool,
    server: &'a Arc<str>,
    now: Timestamp,
    events: Vec<Event>,
    changes: Vec<TaskChange>,
    run: Vec<(PoolId, Arc<Task>)>,
    queue: Vec<Arc<Task>>,
    held: Vec<(Arc<Task>, Timestamp)>,
    children: Vec<Arc<Task>>,
    settled: Vec<TaskKey>,
    /// Keys of the tasks this draft creates.
    added: HashSet<TaskKey>,
    /// Keys of tasks that were there before, and that this draft hands on.
    taken_up: HashSet<TaskKey>,
    released: Vec<PoolId>,
    wake_at: Option<Timestamp>,
}

impl Drafting<'_> {
    /// Evaluates one letter; says why when it is a command that cannot be carried out.
    fn take(&mut self, letter: &Letter, playbook: &engine::Playbook, pools: &mut Pools) -> Option<Problem> {
        let input = match letter {
            Letter::Claim { pool, task } => {
                self.claim_queued(*pool, task, playbook, pools);
                return None;
            }
            Letter::Child(task) => {
                self.claim_child(task, playbook);
                return None;
            }
            Letter::Input { input, reply } => {
                if reply.is_some()
                    && let Some(error) = engine::refusal(playbook, &self.next, input)
                {
                    return Some(refused(error));
                }
                input.clone()
            }
        };
        let (tasks, settled) = self.evaluate(playbook, input);
        for key in settled {
            self.settle(key);
        }
        for NewTask { task, due } in tasks {
            self.added.insert(task.key.clone());
            let mut claimed_by = None;
            if self.is_visited {
                // Its owner takes it up.
            } else if due > self.now {
                self.held.push((task.clone(), due));
            } else if task.protocol == PLAYBOOK {
                claimed_by = Some(self.engine());
                self.children.push(task.clone());
            } else if let Some((pool, worker)) = pools.reserve(&task.protocol) {
                self.claim(playbook, &task, &worker);
                claimed_by = Some(worker);
                self.run.push((pool, task.clone()));
            } else {
                self.queue.push(task.clone());
            }
            self.changes.push(TaskChange::Add { task, due, claimed_by });
        }
        None
    }

    fn claim_queued(&mut self, pool: PoolId, task: &Arc<Task>, playbook: &engine::Playbook, pools: &Pools) {
        match pools.name(pool).cloned() {
            Some(worker) if self.claim(playbook, task, &worker) => {
                self.taken_up.insert(task.key.clone());
                self.changes.push(TaskChange::Claim { key: task.key.clone(), worker });
                self.run.push((pool, task.clone()));
            }
            Some(_) => {
                self.released.push(pool);
                self.hold_back(task);
            }
            // Its owner offers it again.
            None if self.is_visited => {}
            // It left while the letter waited: the task looks for another place.
            None => {
                self.taken_up.insert(task.key.clone());
                self.queue.push(task.clone());
            }
        }
    }

    /// The clock was set back, and a task that had a place may not be claimed yet: it waits for its time once more.
    fn hold_back(&mut self, task: &Arc<Task>) {
        if !self.is_visited
            && let Some(due) = self.next.unclaimed_until(&task.key)
        {
            self.taken_up.insert(task.key.clone());
            self.held.push((task.clone(), due));
        }
    }

    /// Who claims the rows of tasks that the engine does itself: this server's.
    fn engine(&self) -> Arc<str> {
        Arc::from(format!("{}/{ENGINE}", self.server))
    }

    fn claim_child(&mut self, task: &Arc<Task>, playbook: &engine::Playbook) {
        if self.claim(playbook, task, ENGINE) {
            self.taken_up.insert(task.key.clone());
            self.changes.push(TaskChange::Claim { key: task.key.clone(), worker: self.engine() });
            self.children.push(task.clone());
        } else {
            self.hold_back(task);
        }
    }

    fn claim(&mut self, playbook: &engine::Playbook, task: &Task, worker: &str) -> bool {
        let input = Input::Claim { key: task.key.clone(), worker: worker.to_owned() };
        let before = self.events.len();
        self.evaluate(playbook, input);
        self.events.len() > before
    }

    /// The new tasks, and the keys of those nobody needs any more.
    fn evaluate(&mut self, playbook: &engine::Playbook, input: Input) -> (Vec<NewTask>, Vec<TaskKey>) {
        let Decision { events, tasks, settled, wake_at, next } = isolated(playbook, &self.next, input, self.now);
        self.events.extend(events);
        (self.next, self.wake_at) = (Cow::Owned(next), wake_at);
        (tasks, settled)
    }

    /// Nobody needs the task any more: what this very draft would have begun of it, or waited for, does not happen.
    /// One that was created here, too, never reaches the table.
    fn settle(&mut self, key: TaskKey) {
        let is_new = self.added.remove(&key);
        if is_new {
            self.changes.retain(|change| !matches!(change, TaskChange::Add { task, .. } if task.key == key));
        }
        if self.taken_up.remove(&key) || is_new {
            self.queue.retain(|task| task.key != key);
            self.held.retain(|(task, _)| task.key != key);
            self.children.retain(|task| task.key != key);
            let released = self.run.extract_if(.., |(_, task)| task.key == key).map(|(pool, _)| pool);
            self.released.extend(released);
        }
        if !is_new {
            self.changes.push(TaskChange::Settle { key: key.clone() });
            self.settled.push(key);
        }
    }
}

/// Why a command cannot be carried out, as the API tells it.
fn refused(error: TaskError) -> Problem {
    let status = if matches!(error.code.as_str(), "form_invalid" | "unknown_signal") { 422 } else { 409 };
    Problem::new(status, &error.code, "Not possible now", error.message)
}

/// A panic of the engine is a defect, and one execution's only: that one is cancelled, saying so.
fn isolated(playbook: &engine::Playbook, state: &Execution, input: Input, now: Timestamp) -> Decision {
    let evaluate = |input| catch_unwind(AssertUnwindSafe(|| engine::evaluate(playbook, state, input, now)));
    evaluate(input)
        .or_else(|_| {
            tracing::error!(execution = %state.id(), "the engine panicked; the execution is cancelled");
            let reason = "the engine failed on this execution; this is a defect, please report it".to_owned();
            evaluate(Input::Terminate { reason, by: ENGINE.to_owned() })
        })
        .unwrap_or_else(|_| Decision {
            events: Vec::new(),
            tasks: Vec::new(),
            settled: Vec::new(),
            wake_at: None,
            next: state.clone(),
        })
}

fn change(slot: &Slot, next: &Execution, wake_at: Option<Timestamp>) -> ExecutionChange {
    let ended = next.phase() == Phase::Completed;
    ExecutionChange {
        execution_id: next.id(),
        expected_version: slot.state.event_count(),
        path: Arc::from(next.path()),
        playbook_version: next.playbook_version(),
        phase: next.phase(),
        outcome: next.outcome(),
        step: next.last_step().map(Arc::from),
        progress: percent(next.progress(), ended && next.outcome() == Some(protocol::Outcome::Completed)),
        created_at: next.created_at(),
        ended_at: next.ended_at(),
        wake_at,
        input: (slot.state.event_count() == 0).then(|| next.input()),
        result: next.result().filter(|_| ended),
        error: next.error().filter(|_| ended).cloned(),
        owner: None,
    }
}

fn percent(progress: Progress, completed: bool) -> f64 {
    if completed {
        return 100.0;
    }
    if progress.known == 0 { 0.0 } else { f64::from(progress.completed) * 100.0 / f64::from(progress.known) }
}
