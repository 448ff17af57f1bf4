//! A runtime on a real store, with providers whose tasks end when the test says so.

use crate::clock::Clock;
use async_trait::async_trait;
use hub::{Hub, HubConfig};
use protocol::{ExecutionId, Phase, Position, Task, api::SubmitRequest};
use runtime::{
    Environment, Membership, Parts, Retention, Runtime, StoreLog, Streams, SystemEnvironment, credentials::Vault,
};
use serde_json::Value;
use std::sync::Arc;
use store::Store;
use tokio::sync::{Mutex, mpsc, oneshot};
use worker::{Cancelled, Provider, Run};

/// The real `noop` and a `python` whose tasks wait for the test.
pub(crate) struct Gate {
    arrived: mpsc::UnboundedSender<Arrived>,
    places: usize,
}

/// A task that a gate holds back.
pub(crate) struct Arrived {
    pub(crate) task: Task,
    pub(crate) cancelled: bool,
    open: oneshot::Sender<Run>,
}

impl Arrived {
    pub(crate) fn end(self, run: Run) {
        let _ = self.open.send(run);
    }

    pub(crate) fn complete(self, result: Value) {
        self.end(Run::completed(result));
    }
}

#[async_trait]
impl Provider for Gate {
    fn protocols(&self) -> &[&'static str] {
        &["python"]
    }

    fn concurrency(&self) -> usize {
        self.places
    }

    async fn run(&self, task: Task, mut cancelled: Cancelled) -> Run {
        let (open, opened) = oneshot::channel();
        let _ = self.arrived.send(Arrived { task: task.clone(), cancelled: false, open });
        tokio::select! {
            run = opened => run.unwrap_or_else(|_| panic!("the gate's keeper went away")),
            () = cancelled.wait() => {
                let (open, _) = oneshot::channel();
                let _ = self.arrived.send(Arrived { task, cancelled: true, open });
                Run::completed(Value::Null)
            }
        }
    }
}

pub(crate) struct Bench {
    pub(crate) runtime: Runtime,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) arrivals: Mutex<mpsc::UnboundedReceiver<Arrived>>,
}

impl Bench {
    pub(crate) async fn on(store: Arc<dyn Store>, places: usize) -> Self {
        Self::start(store, places, true).await
    }

    pub(crate) async fn start(store: Arc<dyn Store>, places: usize, recover: bool) -> Self {
        let membership = if recover { Membership::Alone } else { Membership::Visitor };
        Self::member(store, "server", places, membership, Arc::new(SystemEnvironment::default())).await
    }

    /// A server in the test's own time.
    pub(crate) async fn at(clock: &Arc<Clock>, store: Arc<dyn Store>) -> Self {
        Self::member(store, "server", 4, Membership::Alone, clock.clone()).await
    }

    /// A server among others on a store. With no places it offers no `python`.
    pub(crate) async fn member(
        store: Arc<dyn Store>,
        server: &str,
        places: usize,
        membership: Membership,
        environment: Arc<dyn Environment>,
    ) -> Self {
        let vault = Vault::in_memory();
        Self::keeping(store, server, places, membership, environment, vault, Retention::default()).await
    }

    pub(crate) async fn with_vault(
        store: Arc<dyn Store>,
        server: &str,
        places: usize,
        membership: Membership,
        environment: Arc<dyn Environment>,
        vault: Vault,
    ) -> Self {
        Self::keeping(store, server, places, membership, environment, vault, Retention::default()).await
    }

    /// As [`Bench::member`]; what is over is kept so long.
    pub(crate) async fn keeping(
        store: Arc<dyn Store>,
        server: &str,
        places: usize,
        membership: Membership,
        environment: Arc<dyn Environment>,
        vault: Vault,
        retention: Retention,
    ) -> Self {
        let (arrived, arrivals) = mpsc::unbounded_channel();
        let hub = Hub::new(Arc::new(StoreLog::new(store.clone())), HubConfig::default());
        let mut providers: Vec<Arc<dyn Provider>> = Vec::new();
        if places > 0 {
            providers.push(Arc::new(Gate { arrived, places }));
        }
        let config = tools::ToolsConfig::new(std::env::temp_dir());
        providers.extend(tools::builtin(config).into_iter().filter(|p| p.protocols().contains(&"noop")));
        let vault = Arc::new(vault);
        let server = server.into();
        let streams = Streams::default();
        let parts = Parts { store: store.clone(), hub, providers, vault, server, membership, retention, streams };
        let runtime = Runtime::start_in(parts, environment).await.expect("the runtime starts");
        Self { runtime, store, arrivals: Mutex::new(arrivals) }
    }

    /// With the providers that come with the program, working in this folder.
    pub(crate) async fn with_tools(store: Arc<dyn Store>, folder: &std::path::Path) -> Self {
        Self::with_providers(store, tools::builtin(tools::ToolsConfig::new(folder))).await
    }

    pub(crate) async fn with_providers(store: Arc<dyn Store>, providers: Vec<Arc<dyn Provider>>) -> Self {
        let (_, arrivals) = mpsc::unbounded_channel();
        let hub = Hub::new(Arc::new(StoreLog::new(store.clone())), HubConfig::default());
        let (server, membership) = ("server".to_owned(), Membership::Alone);
        let vault = Arc::new(Vault::in_memory());
        let retention = Retention::default();
        let streams = Streams::default();
        let parts = Parts { store: store.clone(), hub, providers, vault, server, membership, retention, streams };
        let runtime = Runtime::start(parts).await.expect("the runtime starts");
        Self { runtime, store, arrivals: Mutex::new(arrivals) }
    }

    pub(crate) async fn arrival(&self) -> Arrived {
        self.arrivals.lock().await.recv().await.expect("the gate is held by the runtime")
    }

    pub(crate) async fn submit(&self, source: &str, input: Value) -> ExecutionId {
        let api = self.runtime.api();
        let path = api.register_playbook(source).await.expect("a valid playbook").path;
        api.submit(SubmitRequest { input: Some(input), ..SubmitRequest::new(path, None) })
            .await
            .expect("submitted")
            .execution_id
    }

    /// Waits for the end; returns `type step` of each event in order.
    pub(crate) async fn ended(&self, id: ExecutionId) -> Vec<String> {
        let api = self.runtime.api();
        let mut published = api.published();
        loop {
            published.borrow_and_update();
            if api.execution(id).await.expect("it exists").summary.status == Phase::Completed {
                break;
            }
            published.changed().await.expect("the publisher runs");
        }
        self.log(id).await
    }

    pub(crate) async fn log(&self, id: ExecutionId) -> Vec<String> {
        let (mut events, mut after) = (Vec::new(), Position(0));
        loop {
            let page = self.store.execution_events(id, after, 100_000).await.expect("the log is readable");
            let Some(last) = page.last() else { break };
            after = last.position.expect("durable");
            events.extend(page);
        }
        events
            .iter()
            .map(|envelope| match envelope.event.step() {
                Some(step) => format!("{} {step}", envelope.event.name()),
                None => envelope.event.name().to_owned(),
            })
            .collect()
    }
}

pub(crate) fn playbook(name: &str, steps: &str) -> String {
    format!(
        "apiVersion: signalbox/v1\nkind: Playbook\nmetadata: {{name: {name}, path: tests/{name}}}\nworkflow:\n{steps}"
    )
}
