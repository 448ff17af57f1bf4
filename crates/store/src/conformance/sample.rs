//! Commits to try a store with.

use crate::{Commit, ExecutionChange, NewEvent, NewPlaybook, Store, TaskChange};
use protocol::{
    CommitId, Envelope, Event, EventId, ExecutionId, Outcome, Phase, Position, Task, TaskKey, TaskPart, Timestamp,
    Topic,
    event::{
        ActionCompleted, ActionStarted, ApprovalRequested, ExecutionComplete, ExecutionQueued, ExecutionStart, Origin,
        Progress, StepCompleted, StepStarted,
    },
    task::{Credentials, Logs},
};
use serde_json::{Value, json};
use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use uuid::Uuid;

/// When samples happen, unless they say otherwise.
pub const T0: Timestamp = Timestamp(1_700_000_000_000);

/// A UUIDv7 no other process draws; later ones sort after earlier ones of this process.
pub fn id() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(()));
    let n = NEXT.fetch_add(1, Relaxed);
    let mut low = [0; 10];
    low[..2].copy_from_slice(&u16::try_from(n & 0xfff).unwrap_or(0).to_be_bytes());
    low[2..].copy_from_slice(&PROCESS.to_be_bytes());
    let ms = u64::try_from(T0.0).unwrap_or(0) + (n >> 12);
    uuid::Builder::from_unix_timestamp_millis(ms, &low).into_uuid()
}

/// An execution as a driver would move it: each call is the next commit.
#[derive(Clone, Debug)]
pub struct Run {
    pub id: ExecutionId,
    pub path: Arc<str>,
    pub version: u64,
    pub time: Timestamp,
    step: u32,
    /// As a driver folds them.
    last_step: Option<Arc<str>>,
    progress: Progress,
}

impl Run {
    pub fn of(path: &str) -> Self {
        Self {
            id: ExecutionId(id()),
            path: path.into(),
            version: 0,
            time: T0,
            step: 0,
            last_step: None,
            progress: Progress::default(),
        }
    }

    pub fn at(path: &str, time: Timestamp) -> Self {
        Self { time, ..Self::of(path) }
    }

    /// `execution_start` and the first step's two events, with its task handed out. 3 events.
    pub fn start(&mut self) -> Commit {
        let start = ExecutionStart {
            execution_id: self.id,
            path: self.path.to_string(),
            version: 1,
            node_name: "sample".into(),
            workload: json!({"n": 1}).into(),
            input: json!({"asked": true}).into(),
            progress: Progress { completed: 0, known: 3 },
            origin: Origin::default(),
            queued_at: None,
            arcs: Vec::new(),
        };
        let mut commit = self.commit(Phase::InProgress, None, vec![start.into()]);
        if let Some(change) = &mut commit.execution {
            change.input = Some(json!({"asked": true}).into());
        }
        self.open_step(&mut commit);
        commit
    }

    /// The task's report and the next step: 4 events, a task settled, a task added.
    pub fn step(&mut self) -> Commit {
        let mut commit = self.commit(Phase::InProgress, None, Vec::new());
        self.close_step(&mut commit);
        self.open_step(&mut commit);
        commit
    }

    /// The last report and the end: 3 events, the task settled.
    pub fn end(&mut self, outcome: Outcome) -> Commit {
        let mut commit = self.commit(Phase::Completed, Some(outcome), Vec::new());
        self.close_step(&mut commit);
        let failed = outcome == Outcome::Failed;
        let error = failed.then(|| protocol::TaskError::new("sample", "it failed").at("s1", 1));
        let complete = ExecutionComplete {
            execution_id: self.id,
            path: self.path.to_string(),
            node_name: "sample".into(),
            outcome,
            result: json!({"done": true}).into(),
            error: error.clone(),
            duration_ms: 5,
            progress: Progress { completed: 3, known: 3 },
        };
        self.push(&mut commit, complete.into());
        if let Some(change) = &mut commit.execution {
            change.ended_at = Some(self.time);
            change.result = Some(json!({"done": true}).into());
            change.error = error;
            change.progress = 100.0;
        }
        commit
    }

    /// Only `execution_start`, still queued: 1 event.
    pub fn queue(&mut self) -> Commit {
        let mut commit = self.start();
        self.version = 1;
        commit.events.truncate(1);
        commit.tasks.clear();
        if let Some(change) = &mut commit.execution {
            change.phase = Phase::Initial;
        }
        commit
    }

    /// `execution_start` as [`Run::start`], of this origin.
    pub fn start_from(&mut self, origin: Origin) -> Commit {
        let mut commit = self.start();
        if let Some(Event::ExecutionStart(start)) = commit.events.first_mut().map(|new| &mut new.event) {
            start.origin = origin;
        }
        commit
    }

    /// `execution_queued`: 1 event. `start` lets it in.
    pub fn wait_for(&mut self, reason: &str, key: Option<&str>, origin: Origin) -> Commit {
        let queued = ExecutionQueued {
            execution_id: self.id,
            path: self.path.to_string(),
            version: 1,
            input: json!({"asked": true}).into(),
            origin,
            reason: reason.into(),
            key: key.map(Into::into),
        };
        let mut commit = self.commit(Phase::Initial, None, vec![queued.into()]);
        if let Some(change) = &mut commit.execution {
            change.input = Some(json!({"asked": true}).into());
        }
        commit
    }

    /// A step beside the open one waits for a person: 1 event.
    pub fn ask(&mut self, step: &str, visit: u32) -> Commit {
        let asked = ApprovalRequested {
            execution_id: self.id,
            path: self.path.to_string(),
            step: step.into(),
            visit,
            message: format!("May {step} go on?\0"),
            form: json!([{"name": "approved", "type": "boolean"}]).into(),
            due: Some(Timestamp(self.time.0 + 60_000)),
            default: Some(json!({"approved": false}).into()),
        };
        self.commit(Phase::InProgress, None, vec![asked.into()])
    }

    /// An `action_completed` of a step with this result: 1 event.
    pub fn return_value(&mut self, step: &str, visit: u32, result: Value) -> Commit {
        let completed = ActionCompleted {
            execution_id: self.id,
            path: self.path.to_string(),
            step: step.into(),
            visit,
            attempt: 1,
            part: TaskPart::Action,
            item: None,
            result: result.into(),
            duration_ms: 3,
            logs: Logs::default(),
        };
        self.commit(Phase::InProgress, None, vec![completed.into()])
    }

    /// The key of the task that is open now.
    pub fn task_key(&self) -> TaskKey {
        TaskKey {
            execution_id: self.id,
            step: format!("s{}", self.step),
            visit: 1,
            attempt: 1,
            part: TaskPart::Action,
            item: None,
        }
    }

    /// A commit at the current version with these events.
    pub fn commit(&mut self, phase: Phase, outcome: Option<Outcome>, events: Vec<Event>) -> Commit {
        let change = ExecutionChange {
            execution_id: self.id,
            expected_version: self.version,
            path: self.path.clone(),
            playbook_version: 1,
            phase,
            outcome,
            step: self.last_step.clone(),
            progress: self.percent(),
            created_at: self.time,
            ended_at: None,
            wake_at: None,
            input: None,
            result: None,
            error: None,
            owner: None,
        };
        let mut commit =
            Commit { id: CommitId(id()), time: self.time, execution: Some(change), events: vec![], tasks: vec![] };
        for event in events {
            self.push(&mut commit, event);
        }
        commit
    }

    fn percent(&self) -> f64 {
        let Progress { completed, known } = self.progress;
        if known == 0 { 0.0 } else { f64::from(completed) * 100.0 / f64::from(known) }
    }

    fn push(&mut self, commit: &mut Commit, event: Event) {
        match &event {
            Event::ExecutionStart(e) => self.progress = e.progress,
            Event::StepStarted(e) => self.progress = e.progress,
            Event::StepCompleted(e) => self.progress = e.progress,
            Event::ExecutionComplete(e) => self.progress = e.progress,
            _ => {}
        }
        if let Some(step) = event.step() {
            self.last_step = Some(step.into());
        }
        if let Some(change) = &mut commit.execution {
            change.step = self.last_step.clone();
            change.progress = self.percent();
        }
        commit.events.push(new_event(event, Some(self.id.to_string())));
        self.version += 1;
    }

    fn open_step(&mut self, commit: &mut Commit) {
        self.step += 1;
        let (step, path) = (format!("s{}", self.step), self.path.to_string());
        let progress = Progress { completed: self.step - 1, known: 3 };
        let started = StepStarted {
            execution_id: self.id,
            path: path.clone(),
            step: step.clone(),
            visit: 1,
            protocol: "noop".into(),
            input: json!({"n": self.step}).into(),
            progress,
            saves: false,
        };
        self.push(commit, started.into());
        let worker = "here".to_owned();
        let action = ActionStarted {
            execution_id: self.id,
            path,
            step,
            visit: 1,
            attempt: 1,
            part: TaskPart::Action,
            item: None,
            worker,
            child: None,
            until: None,
            signal: None,
        };
        self.push(commit, action.into());
        commit.tasks.push(TaskChange::Add {
            task: Arc::new(task(self.task_key())),
            due: self.time,
            claimed_by: Some("here".into()),
        });
    }

    fn close_step(&mut self, commit: &mut Commit) {
        let (step, path) = (format!("s{}", self.step), self.path.to_string());
        let completed = ActionCompleted {
            execution_id: self.id,
            path: path.clone(),
            step: step.clone(),
            visit: 1,
            attempt: 1,
            part: TaskPart::Action,
            item: None,
            result: json!({"n": self.step}).into(),
            duration_ms: 3,
            logs: Logs::default(),
        };
        self.push(commit, completed.into());
        let progress = Progress { completed: self.step, known: 3 };
        let done =
            StepCompleted { execution_id: self.id, path, step, visit: 1, saved: None, progress, arcs: Vec::new() };
        self.push(commit, done.into());
        commit.tasks.push(TaskChange::Settle { key: self.task_key() });
    }
}

pub fn task(key: TaskKey) -> Task {
    Task {
        key,
        protocol: "noop".into(),
        config: json!({"type": "noop"}).into(),
        input: json!({"x": [1, 2.5, "three"]}).into(),
        timeout_ms: 30_000,
        heartbeat_ms: None,
        priority: 0,
        credentials: Credentials::default(),
    }
}

pub fn new_event(event: Event, correlation_id: Option<String>) -> NewEvent {
    NewEvent { id: EventId(id()), correlation_id, causation_id: None, traceparent: None, event }
}

/// A commit of events that are not of an execution.
pub fn loose(time: Timestamp, events: Vec<Event>) -> Commit {
    let events = events.into_iter().map(|event| new_event(event, None)).collect();
    Commit { id: CommitId(id()), time, execution: None, events, tasks: Vec::new() }
}

/// An event of no known type.
pub fn note(data: Value) -> Event {
    Event::Other { name: "note".into(), data }
}

pub fn playbook(path: &str, source: &str) -> NewPlaybook {
    NewPlaybook {
        path: path.into(),
        name: format!("{path} by name"),
        description: Some("a sample".into()),
        source: source.into(),
        content_hash: format!("hash of {source}"),
        definition: None,
        registered_at: T0,
    }
}

/// As they are read.
pub fn as_read(events: &[Arc<Envelope>]) -> Vec<Envelope> {
    events.iter().map(|event| (**event).clone()).collect()
}

/// The whole log.
pub async fn everything(store: &dyn Store) -> Vec<Envelope> {
    history(store, &Topic::Events, Position(0), 1_000).await
}

/// A topic's history after a position, put together from pages; each page is held to its promises.
pub async fn history(store: &dyn Store, topic: &Topic, after: Position, limit: u32) -> Vec<Envelope> {
    let (mut events, mut from) = (Vec::new(), after);
    loop {
        let head = store.head().await.expect("the head");
        let page = store.log(topic, from, limit).await.expect("a page");
        assert!(page.events.len() <= limit as usize, "{topic}: more than asked for");
        assert!(page.events.iter().all(|event| event.position > Some(from)), "{topic}: before `after`");
        assert!(page.events.iter().all(|event| event.position <= Some(page.through)), "{topic}: after `through`");
        events.extend(page.events);
        if page.at_head {
            assert!(page.through >= head, "{topic}: the head was {head}, the page says {}", page.through);
            return events;
        }
        assert!(page.through > from, "{topic}: the page at {from} does not get on");
        from = page.through;
    }
}

/// Panics unless positions are 1, 2, 3 … without a gap.
pub fn assert_gap_free(events: &[Envelope]) {
    for (event, expected) in events.iter().zip(1..) {
        assert_eq!(event.position, Some(Position(expected)), "after {} events", expected - 1);
    }
}
