//! Two servers on one store: who moves what, and what happens when one is gone.

use crate::{
    between::{Between, Through},
    support::{Arrived, Bench, playbook},
};
use futures::future::BoxFuture;
use protocol::{ExecutionId, Outcome, Timestamp};
use runtime::{Environment, Membership, SystemEnvironment};
use serde_json::json;
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use store::{Store, sqlite::SqliteStore};
use uuid::Uuid;

/// A day in half an hour: pauses are short, and the clock can be set ahead.
#[derive(Default)]
struct Hasty {
    inner: SystemEnvironment,
    ahead_ms: AtomicI64,
}

impl Environment for Hasty {
    fn now(&self) -> Timestamp {
        Timestamp(self.inner.now().0 + self.ahead_ms.load(SeqCst))
    }

    fn id(&self) -> Uuid {
        self.inner.id()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration / 50))
    }
}

struct Pair {
    folder: testkit::DataFolder,
    clock: Arc<Hasty>,
}

impl Pair {
    fn new() -> Self {
        Self { folder: testkit::DataFolder::new(), clock: Arc::default() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("shared.db")
    }

    async fn server(&self, name: &str, places: usize) -> Bench {
        self.server_on(SqliteStore::open(&self.file()).await.expect("the store opens"), name, places).await
    }

    async fn server_on(&self, store: Arc<dyn Store>, name: &str, places: usize) -> Bench {
        let membership = Membership::Shared { url: None };
        Bench::member(store, name, places, membership, self.clock.clone()).await
    }
}

const WORK: &str = "
  - {step: start, next: job}
  - {step: job, type: python, code: 'def main(): pass', next: after}
  - {step: after, type: noop, data: {n: '{{ job.n }}'}, next: end}
  - {step: end, result: {n: '{{ after.n }}'}}
";

#[tokio::test]
async fn work_that_one_server_cannot_do_is_done_by_another() {
    let pair = Pair::new();
    let owner = pair.server("owner", 0).await;
    let able = pair.server("able", 1).await;
    let id = owner.submit(&playbook("shared", WORK), json!({})).await;
    let task = able.arrival().await;
    assert_eq!(task.task.key.execution_id, id);
    task.complete(json!({"n": 7}));
    let log = owner.ended(id).await;
    let detail = owner.runtime.api().execution(id).await.expect("it exists");
    assert_eq!((detail.summary.error, detail.result), (None, Some(json!({"n": 7}))));
    for event in ["step_started job", "action_started job", "action_completed job", "step_started after"] {
        assert_eq!(log.iter().filter(|line| *line == event).count(), 1, "{event} in {log:?}");
    }
}

#[tokio::test]
async fn a_command_at_any_server_reaches_the_execution_and_its_task() {
    let pair = Pair::new();
    let owner = pair.server("owner", 1).await;
    let other = pair.server("other", 0).await;
    let id = owner.submit(&playbook("shared", WORK), json!({})).await;
    let _running = owner.arrival().await;
    let detail = other.runtime.api().cancel(id, None).await.expect("cancelled");
    assert_eq!(detail.summary.outcome, Some(Outcome::Cancelled));
    assert!(owner.arrival().await.cancelled, "the owner stops the task that runs there");
}

#[tokio::test]
async fn a_cancelled_execution_stops_its_task_at_the_server_that_runs_it() {
    let pair = Pair::new();
    let owner = pair.server("owner", 0).await;
    let able = pair.server("able", 1).await;
    let id = owner.submit(&playbook("shared", WORK), json!({})).await;
    let running = able.arrival().await;
    assert_eq!(running.task.key.execution_id, id);
    owner.runtime.api().cancel(id, None).await.expect("cancelled");
    assert!(able.arrival().await.cancelled, "it is not its execution, and it stops all the same");
}

#[tokio::test]
async fn what_a_dead_server_moved_another_takes_over() {
    let pair = Pair::new();
    let dead = pair.server("dead", 1).await;
    let id = dead.submit(&playbook("shared", WORK), json!({})).await;
    let lost = dead.arrival().await;
    // Gone without a word: its tasks are stopped, and nobody leaves.
    drop(dead.runtime);
    drop(lost);
    let heir = pair.server("heir", 1).await;
    pair.clock.ahead_ms.store(60_000, SeqCst);
    let again = heir.arrival().await;
    assert_eq!((again.task.key.execution_id, again.task.key.attempt), (id, 2), "a lost worker is another attempt");
    again.complete(json!({"n": 1}));
    heir.ended(id).await;
    let detail = heir.runtime.api().execution(id).await.expect("it exists");
    assert_eq!((detail.summary.error, detail.result), (None, Some(json!({"n": 1}))));
}

const CHILD: &str = "
  - {step: start, next: job}
  - {step: job, type: python, code: x, next: end}
  - {step: end, result: {n: '{{ job.n }}'}}
";
const PARENT: &str = "
  - {step: start, next: run}
  - {step: run, type: playbook, path: tests/child, next: end}
  - {step: end, result: '{{ run }}'}
";

/// Submits a parent; returns it and what its child's task came to.
async fn parent_and_child(bench: &Bench, parent: &str) -> (ExecutionId, Arrived) {
    bench.runtime.api().register_playbook(&playbook("child", CHILD)).await.expect("a valid playbook");
    let id = bench.submit(&playbook("parent", parent), json!({})).await;
    let work = bench.arrival().await;
    assert_ne!(work.task.key.execution_id, id);
    (id, work)
}

async fn outcome(bench: &Bench, id: ExecutionId) -> Option<Outcome> {
    bench.ended(id).await;
    bench.runtime.api().execution(id).await.expect("it exists").summary.outcome
}

#[tokio::test]
async fn a_parent_cancelled_at_another_server_takes_its_child_along() {
    let pair = Pair::new();
    let owner = pair.server("owner", 1).await;
    let other = pair.server("other", 0).await;
    let (parent, work) = parent_and_child(&owner, PARENT).await;
    let child = work.task.key.execution_id;
    other.runtime.api().cancel(parent, None).await.expect("cancelled");
    let stopped = owner.arrival().await;
    assert!(stopped.cancelled && stopped.task.key.execution_id == child);
    assert_eq!(outcome(&owner, child).await, Some(Outcome::Cancelled));
}

/// A server is gone between the end of a parent, which another told, and that of its child. `parent` as it is cancelled
/// while nobody is there to cancel the child.
async fn the_heir_of_a_child_that_nobody_wants_ends_it(parent: &str) {
    let pair = Pair::new();
    let dead = pair.server("dead", 1).await;
    let heir = pair.server("heir", 2).await;
    let (parent, work) = parent_and_child(&dead, parent).await;
    let child = work.task.key.execution_id;
    drop(dead.runtime);
    drop(work);
    heir.runtime.api().cancel(parent, None).await.expect("cancelled");
    assert_eq!(heir.runtime.api().execution(child).await.expect("it exists").summary.outcome, None);
    pair.clock.ahead_ms.store(60_000, SeqCst);
    assert_eq!(outcome(&heir, child).await, Some(Outcome::Cancelled));
}

#[tokio::test]
async fn a_child_whose_parent_has_ended_is_cancelled_by_who_takes_it_over() {
    the_heir_of_a_child_that_nobody_wants_ends_it(PARENT).await;
}

#[tokio::test]
async fn a_child_whose_parent_goes_on_without_it_is_cancelled_by_who_takes_it_over() {
    let parent = "
  - {step: start, next: run}
  - {step: run, type: playbook, path: tests/child, next: [end, {step: tidy, on: cancelled}]}
  - {step: tidy, type: python, code: x, next: end}
  - {step: end}
";
    the_heir_of_a_child_that_nobody_wants_ends_it(parent).await;
}

#[tokio::test]
async fn a_child_goes_on_where_it_was_when_the_server_of_its_parent_dies() {
    let pair = Pair::new();
    let dead = pair.server("dead", 1).await;
    let (parent, work) = parent_and_child(&dead, PARENT).await;
    let child = work.task.key.execution_id;
    drop(dead.runtime);
    drop(work);
    let heir = pair.server("heir", 1).await;
    pair.clock.ahead_ms.store(60_000, SeqCst);
    let again = heir.arrival().await;
    assert_eq!(again.task.key.execution_id, child, "it is the same child");
    // Time enough to find, more than once, tasks whose server is gone.
    let api = heir.runtime.api();
    let mut beats = 0;
    let mut before = None;
    while beats < 4 {
        let beat =
            heir.store.servers().await.expect("servers").into_iter().find(|s| s.name == "heir").map(|s| s.beat_at);
        beats += u32::from(beat != before);
        before = beat;
        tokio::task::yield_now().await;
    }
    assert_eq!(api.execution(child).await.expect("it exists").summary.outcome, None);
    again.complete(json!({"n": 3}));
    heir.ended(parent).await;
    let detail = api.execution(parent).await.expect("it exists");
    assert_eq!((detail.summary.error, detail.result), (None, Some(json!({"n": 3}))));
    let log = heir.log(parent).await;
    assert_eq!(log.iter().filter(|line| *line == "action_started run").count(), 1, "{log:?}");
}

/// Counts the events that are read of executions.
struct Reads(Arc<AtomicUsize>);

impl Between for Reads {
    fn read(&self, _id: ExecutionId, events: usize) {
        self.0.fetch_add(events, SeqCst);
    }
}

/// Each claim and each report of the other server is decided on the whole log, and moves the owner on: both go on from
/// where they were.
#[tokio::test]
async fn what_is_read_of_an_execution_shared_by_two_grows_with_its_log_and_no_faster() {
    const ITEMS: usize = 60;
    let pair = Pair::new();
    let reads = Arc::new(AtomicUsize::new(0));
    let counted = async || {
        let store = SqliteStore::open(&pair.file()).await.expect("the store opens");
        Through::to(store, Reads(reads.clone()))
    };
    let owner = pair.server_on(counted().await, "owner", 0).await;
    let able = pair.server_on(counted().await, "able", 3).await;
    let many = format!(
        "
  - {{step: start, next: each}}
  - {{step: each, type: iterator, collection: '{{{{ range({ITEMS}) | list }}}}', element: n, mode: async, concurrency: 10, task: {{type: python, code: x}}, next: end}}
  - {{step: end}}
"
    );
    let id = owner.submit(&playbook("many", &many), json!({})).await;
    for _ in 0..ITEMS {
        able.arrival().await.complete(json!(1));
    }
    let read = async || {
        let mut published = owner.runtime.api().published();
        loop {
            published.borrow_and_update();
            let detail = owner.runtime.api().execution(id).await.expect("it exists");
            if detail.summary.outcome.is_some() {
                return reads.load(SeqCst);
            }
            published.changed().await.expect("the publisher runs");
        }
    };
    let read = read().await;
    let events = owner.log(id).await.len();
    assert!(events > 2 * ITEMS, "{events}");
    assert!(read <= 4 * events, "{read} events were read of {events}");
}

/// Both show every event of the log. What is asked of each may be added up.
#[tokio::test]
async fn what_happens_is_counted_at_one_server() {
    let pair = Pair::new();
    let (one, other) = (pair.server("one", 1).await, pair.server("other", 1).await);
    let source = playbook(
        "counted",
        "  - {step: start, next: a}\n  - {step: a, type: python, code: 'x', next: end}\n  - {step: end}\n",
    );
    let id = one.submit(&source, json!({})).await;
    one.arrival().await.complete(json!(1));
    one.ended(id).await;
    let alert = json!({"type": "system_alert", "severity": "info", "component": "c", "message": "m"});
    other.runtime.api().publish(vec![alert]).await.expect("published");
    let head = one.store.head().await.expect("readable");
    let (mut tasks, mut counts) = (0, Vec::new());
    for server in [&one, &other] {
        let mut published = server.runtime.api().published();
        published.wait_for(|at| *at >= head).await.expect("the publisher runs");
        let figures = server.runtime.api().figures().await;
        tasks += figures.task.count;
        let count = |name: &str| figures.events.iter().find(|(known, _)| *known == name).map_or(0, |(_, count)| *count);
        counts.push((count("execution_complete"), count("system_alert")));
    }
    assert_eq!((tasks, counts), (1, vec![(1, 0), (0, 1)]));
}
