//! Putting the parts together and taking them apart.

use crate::{
    Api, Environment, SystemEnvironment,
    api::Shared,
    catalog::Catalog,
    driver::{Driver, DriverHandle, DriverParts, Message, Slot, channel},
    publisher::Publisher,
};
use hub::Hub;
use protocol::ExecutionId;
use std::{collections::HashMap, sync::Arc};
use store::{Store, StoreError, StoredTask};
use tokio::{sync::oneshot, task::JoinHandle};
use worker::Provider;

/// Executions taken up at once while recovering.
const PAGE: u32 = 256;

/// What a runtime is made of.
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub hub: Arc<Hub>,
    pub providers: Vec<Arc<dyn Provider>>,
    /// What events name as the worker of tasks run in this process: `local`, `signalbox@host:pid` …
    pub worker: String,
    /// Take up executions that were under way when the store was last closed. A CLI that only runs one
    /// execution of its own says false.
    pub recover: bool,
}

/// The running parts. Stop it with [`Runtime::shutdown`]; dropping it aborts.
pub struct Runtime {
    api: Api,
    store: Arc<dyn Store>,
    handle: DriverHandle,
    driver: JoinHandle<()>,
    publisher: JoinHandle<()>,
    recovery: Option<JoinHandle<()>>,
}

impl Runtime {
    /// Starts the driver, the publisher and, if asked, recovery.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn start(parts: Parts) -> Result<Self, StoreError> {
        Self::start_in(parts, Arc::new(SystemEnvironment::default())).await
    }

    /// As [`Runtime::start`], with the given time and randomness.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn start_in(parts: Parts, environment: Arc<dyn Environment>) -> Result<Self, StoreError> {
        let Parts { store, hub, providers, worker, recover } = parts;
        let committed = store.committed().ok_or(StoreError::Closed)?;
        let publisher = Publisher::new(store.clone(), hub.clone(), store.head().await?);
        let published = publisher.published();
        let (handle, inbox) = channel();
        let catalog = Arc::new(Catalog::new(store.clone()));
        let driver = Driver::new(DriverParts {
            store: store.clone(),
            catalog: catalog.clone(),
            environment: environment.clone(),
            providers,
            worker: Arc::from(worker),
        });
        let started_at = environment.now();
        let api = Api::new(Shared {
            catalog,
            store: store.clone(),
            hub: hub.clone(),
            driver: handle.clone(),
            environment,
            published,
            started_at,
        });
        hub.set_commands(Arc::new(api.commands()));
        // Listed before anything new can start, so that recovery never meets what this start began.
        let open = if recover { Some(open_work(&store).await?) } else { None };
        Ok(Self {
            driver: tokio::spawn(driver.run(inbox)),
            publisher: tokio::spawn(publisher.run(committed)),
            recovery: open.map(|open| tokio::spawn(recover_all(api.clone(), handle.clone(), open))),
            api,
            store,
            handle,
        })
    }

    pub fn api(&self) -> Api {
        self.api.clone()
    }

    /// Stops taking work, lets running commits finish, publishes what was committed, closes the store.
    /// Tasks under way are stopped and stay open: the next start takes them up.
    pub async fn shutdown(mut self) {
        if let Some(recovery) = self.recovery.take() {
            recovery.abort();
            let _ = recovery.await;
        }
        let (reply, stopped) = oneshot::channel();
        if self.handle.tell(Message::Shutdown(reply)).await {
            let _ = stopped.await;
        }
        let _ = (&mut self.driver).await;
        self.store.close().await;
        let _ = (&mut self.publisher).await;
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.driver.abort();
        self.publisher.abort();
        if let Some(recovery) = &self.recovery {
            recovery.abort();
        }
    }
}

/// An execution under way, with its open tasks.
struct Open {
    id: ExecutionId,
    path: String,
    version: u32,
    tasks: Vec<StoredTask>,
}

async fn open_work(store: &Arc<dyn Store>) -> Result<Vec<Open>, StoreError> {
    let mut tasks: HashMap<ExecutionId, Vec<StoredTask>> = HashMap::new();
    for stored in store.open_tasks(None).await? {
        tasks.entry(stored.task.key.execution_id).or_default().push(stored);
    }
    let mut open = Vec::new();
    let mut after = None;
    loop {
        let page = store.active_executions(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.execution_id);
        open.extend(page.into_iter().map(|active| Open {
            id: active.execution_id,
            path: active.path,
            version: active.playbook_version,
            tasks: tasks.remove(&active.execution_id).unwrap_or_default(),
        }));
    }
    Ok(open)
}

async fn recover_all(api: Api, driver: DriverHandle, open: Vec<Open>) {
    if !open.is_empty() {
        tracing::info!(executions = open.len(), "taking up executions that were under way");
    }
    for Open { id, path, version, tasks } in open {
        let entry = match api.shared().catalog.entry(&path, Some(version)).await {
            Ok(entry) => entry,
            Err(problem) => {
                tracing::error!(execution = %id, %problem, "the execution cannot be taken up");
                continue;
            }
        };
        match Slot::load(&api.shared().store, id, entry).await {
            Ok(slot) => {
                if !driver.tell(Message::Recover { slot: Box::new(slot), tasks }).await {
                    return;
                }
            }
            Err(error) => tracing::error!(execution = %id, %error, "the execution cannot be taken up"),
        }
    }
    driver.tell(Message::Recovered).await;
}
