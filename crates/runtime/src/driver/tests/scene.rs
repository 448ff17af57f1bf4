//! A driver that is not running: the test plays the loop around it, and the time.

use crate::{
    Environment, SystemEnvironment,
    admission::Gate,
    catalog::Catalog,
    credentials::Vault,
    driver::{Driver, DriverParts, Letter, PoolId, Pools, Slot, draft::Draft},
    telemetry::Telemetry,
};
use async_trait::async_trait;
use engine::Input;
use futures::{StreamExt, future::BoxFuture};
use protocol::{
    ExecutionId, Position, Task, TaskKey, TaskPart, TaskReport, Timestamp, event::Origin, task::TaskOutcome,
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use store::{NewPlaybook, Store, StoreError, StoredTask, sqlite::SqliteStore};
use testkit::ManualClock;
use uuid::Uuid;
use worker::{Cancelled, Provider, Run};

/// A `python` whose tasks end when they are cancelled, and no sooner.
struct Endless(usize);

#[async_trait]
impl Provider for Endless {
    fn protocols(&self) -> &[&'static str] {
        &["python"]
    }

    fn concurrency(&self) -> usize {
        self.0
    }

    async fn run(&self, _task: Task, mut cancelled: Cancelled) -> Run {
        cancelled.wait().await;
        Run::completed(Value::Null)
    }
}

struct Manual {
    clock: ManualClock,
    ids: SystemEnvironment,
}

impl Environment for Manual {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn id(&self) -> Uuid {
        self.ids.id()
    }

    fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

pub(super) struct Scene {
    pub(super) driver: Driver,
    pub(super) clock: ManualClock,
    store: Arc<dyn Store>,
    catalog: Arc<Catalog>,
    environment: Arc<Manual>,
}

impl Scene {
    /// With so many places for `python`; with none nobody offers it.
    pub(super) async fn with_places(places: usize) -> Self {
        let store: Arc<dyn Store> = SqliteStore::in_memory().await.unwrap();
        let catalog = Arc::new(Catalog::new(store.clone()));
        let clock = ManualClock::default();
        let environment = Arc::new(Manual { clock: clock.clone(), ids: SystemEnvironment::default() });
        let driver = driver(&store, &catalog, &environment, places);
        Self { driver, clock, store, catalog, environment }
    }

    /// Registers a playbook of these steps.
    pub(super) async fn register(&self, name: &str, steps: &str) {
        let source = format!(
            "apiVersion: signalbox/v1\nkind: Playbook\nmetadata: {{name: {name}, path: tests/{name}}}\nworkflow:\n{steps}"
        );
        let problems = engine::playbook::parse(&source).diagnostics;
        assert!(engine::playbook::parse(&source).playbook.is_some(), "{problems:?}");
        let new = NewPlaybook {
            path: format!("tests/{name}"),
            name: name.to_owned(),
            description: None,
            content_hash: source.clone(),
            source,
            definition: None,
            registered_at: self.clock.now(),
        };
        self.store.register_playbook(new).await.unwrap();
    }

    /// An execution of these steps, begun and durable.
    pub(super) async fn submit(&mut self, name: &str, steps: &str) -> ExecutionId {
        self.register(name, steps).await;
        let id = ExecutionId(self.environment.id());
        let entry = self.catalog.entry(&format!("tests/{name}"), None).await.unwrap();
        let (path, version) = (entry.row.path.clone(), entry.row.version);
        self.driver.slots.insert(id, Slot::new(id, entry));
        let (input, origin) = (Arc::new(json!({})), Origin::default());
        self.post(id, Input::Start { path, version, input, origin, reuse: None });
        self.settle().await;
        id
    }

    pub(super) fn post(&mut self, id: ExecutionId, input: Input) {
        self.driver.post(id, Letter::Input { input, reply: None });
        self.driver.begin();
    }

    /// A task has ended, and its place is free.
    pub(super) fn end(&mut self, id: ExecutionId, report: Input) {
        self.driver.post(id, Letter::Input { input: report, reply: None });
        // That of the one provider there is.
        self.driver.give_back(vec![PoolId::of(1)]);
        self.driver.begin();
    }

    /// Into the mailbox, as what comes while a commit is under way: nobody looks at it yet.
    pub(super) fn lay(&mut self, id: ExecutionId, input: Input) {
        self.slot(id).mailbox.push_back(Letter::Input { input, reply: None });
    }

    pub(super) fn slot(&mut self, id: ExecutionId) -> &mut Slot {
        self.driver.slots.get_mut(&id).expect("it is here")
    }

    /// The next commit that is under way comes to its end.
    pub(super) async fn commit(&mut self) {
        let (id, result) = self.driver.commits.next().await.expect("a commit is under way");
        self.driver.committed(id, result);
        self.driver.begin();
    }

    /// The next commit that is under way fails like that; the store has nothing of it.
    pub(super) async fn fail(&mut self, id: ExecutionId, error: StoreError) {
        self.driver.commits.clear();
        self.driver.committed(id, Err(error));
        self.driver.begin();
    }

    /// All that is under way comes to its end.
    pub(super) async fn settle(&mut self) {
        while !self.driver.commits.is_empty() {
            self.commit().await;
        }
    }

    /// As the loop does when a timer has rung.
    pub(super) async fn due(&mut self) {
        self.driver.due();
        self.driver.begin();
        self.settle().await;
    }

    /// Somebody else's decision, durable before this driver hears of it; it reads the execution again.
    pub(super) async fn elsewhere(&mut self, id: ExecutionId, input: Input) {
        let position = self.decided_elsewhere(id, input).await;
        self.driver.moved(&[(id, position)]);
        self.read_again().await;
    }

    /// Somebody else's decision, of which nobody tells this driver; the position of its last event.
    pub(super) async fn decided_elsewhere(&mut self, id: ExecutionId, input: Input) -> Position {
        let (mut other, _) = self.found(id).await;
        other.is_visited = true;
        other.mailbox.push_back(Letter::Input { input, reply: None });
        let mut pools = Pools::default();
        let draft = Draft::decide(&mut other, &mut pools, &Arc::from("elsewhere"), self.environment.as_ref());
        let committed = self.store.commit(draft.commit.expect("it changes something")).await.unwrap();
        committed.events.last().and_then(|envelope| envelope.position).expect("it has a place in the log")
    }

    /// What is to be read again is there.
    async fn read_again(&mut self) {
        let (id, loaded) = self.driver.reloads.next().await.expect("it is read again");
        self.driver.reloaded(id, loaded);
        self.driver.begin();
        while let Some((id, tasks)) = self.driver.visits.tasks.next().await {
            self.driver.tasks_read(id, tasks);
            self.driver.begin();
        }
        self.settle().await;
    }

    /// Children that were asked for start.
    pub(super) async fn start_children(&mut self) {
        while let Some(found) = self.driver.children.starts.next().await {
            self.driver.child_found(found);
            self.settle().await;
        }
    }

    /// The process is another one, on the same store; it has taken up nothing yet.
    pub(super) fn restarted(self) -> Self {
        let Self { store, catalog, environment, clock, .. } = self;
        let driver = driver(&store, &catalog, &environment, 0);
        Self { driver, clock, store, catalog, environment }
    }

    /// As recovery does.
    pub(super) async fn take_up(&mut self, id: ExecutionId) {
        let found = self.found(id).await;
        self.recover(found).await;
    }

    /// An execution and its tasks as recovery reads them.
    pub(super) async fn found(&self, id: ExecutionId) -> (Slot, Vec<StoredTask>) {
        let summary = self.store.execution(id).await.unwrap().expect("it exists").summary;
        let entry = self.catalog.entry(&summary.path, summary.version).await.unwrap();
        let slot = Slot::load(&self.store, id, entry).await.unwrap();
        (slot, self.store.open_tasks(Some(id)).await.unwrap())
    }

    pub(super) async fn recover(&mut self, (slot, tasks): (Slot, Vec<StoredTask>)) {
        self.driver.recover(slot, tasks);
        self.read_again().await;
    }

    /// All that was under way is here again, and those nobody waits for are looked for.
    pub(super) async fn recovered(&mut self) {
        self.driver.look_for_orphans();
        while let Some((parent, orphans)) = self.driver.orphans.next().await {
            for orphan in orphans {
                self.driver.cancel_orphan(orphan, parent);
            }
            self.settle().await;
        }
    }

    /// Items of step `each` of this execution that run here.
    pub(super) fn running(&self, id: ExecutionId) -> Vec<u32> {
        let mut items: Vec<u32> = self.driver.pools.running_of(id).into_iter().filter_map(|key| key.item).collect();
        items.sort_unstable();
        items
    }

    pub(super) fn waiting(&self, id: ExecutionId) -> usize {
        self.driver.pools.waiting_of(id).len()
    }

    /// Places that are free and that nobody waits for.
    pub(super) fn free(&self) -> usize {
        self.driver.pools.free().iter().map(|(_, places)| places).sum()
    }
}

fn driver(store: &Arc<dyn Store>, catalog: &Arc<Catalog>, environment: &Arc<Manual>, places: usize) -> Driver {
    let mut providers: Vec<Arc<dyn Provider>> = Vec::new();
    if places > 0 {
        providers.push(Arc::new(Endless(places)));
    }
    Driver::new(DriverParts {
        gate: Arc::new(Gate::default()),
        store: store.clone(),
        catalog: catalog.clone(),
        environment: environment.clone(),
        providers,
        vault: Arc::new(Vault::in_memory()),
        telemetry: Arc::new(Telemetry::new()),
        server: Arc::from("server"),
    })
}

pub(super) fn item(id: ExecutionId, item: u32) -> TaskKey {
    let (step, part) = ("each".to_owned(), TaskPart::Action);
    TaskKey { execution_id: id, step, visit: 1, attempt: 1, part, item: Some(item) }
}

pub(super) fn report(key: TaskKey, outcome: TaskOutcome) -> Input {
    let report = TaskReport { key, outcome, duration_ms: 1, logs: Default::default() };
    Input::Report { report, worker: "server/local".to_owned() }
}

pub(super) fn completed(key: TaskKey) -> Input {
    report(key, TaskOutcome::Completed { result: Arc::new(json!(1)) })
}

pub(super) fn cancel() -> Input {
    Input::Cancel { reason: "enough".to_owned(), by: "test".to_owned() }
}

/// An iterator over so many items, so many of them at once.
pub(super) fn items(count: u32, concurrency: u32) -> String {
    format!(
        "
  - {{step: start, next: each}}
  - {{step: each, type: iterator, collection: '{{{{ range({count}) | list }}}}', element: n, mode: async, concurrency: {concurrency}, task: {{type: python, code: x}}}}
"
    )
}
