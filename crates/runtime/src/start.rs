//! Putting the parts together and taking them apart.

use crate::{
    Api, Environment, SystemEnvironment,
    access::{Access, Sentinel},
    admission::{Doorkeeper, Gate},
    alerts::Alerts,
    api::{Hooks, Shared},
    catalog::Catalog,
    credentials::Vault,
    definitions,
    driver::{Driver, DriverHandle, DriverParts, Message, channel},
    housekeeping::{Housekeeping, Retention},
    membership::{Before, Member, Membership},
    publisher::{Publisher, PublisherParts},
    schedules::Scheduler,
    streams::{Agents, Meter, Rates, Rollup, Streams, Troubles, tell_all},
    sweeper::Sweeper,
    telemetry::Telemetry,
    workers::{Door, Registry},
};
use hub::Hub;
use std::sync::Arc;
use store::{Store, StoreError};
use tokio::{
    sync::{Notify, oneshot},
    task::JoinHandle,
};
use worker::Provider;

/// What a runtime is made of.
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub hub: Arc<Hub>,
    pub providers: Vec<Arc<dyn Provider>>,
    /// Opens credentials and secrets for tasks.
    pub vault: Arc<Vault>,
    /// This process among those on the store, without a slash. The same name after a restart, if there is to be no
    /// pause until its lease has ended. Tasks run here name `server/local` as their worker.
    pub server: String,
    pub membership: Membership,
    /// How long a server keeps what is over.
    pub retention: Retention,
    pub streams: Streams,
}

/// The running parts. Stop it with [`Runtime::shutdown`]; dropping it aborts.
pub struct Runtime {
    api: Api,
    store: Arc<dyn Store>,
    handle: DriverHandle,
    workers: Arc<Registry>,
    driver: JoinHandle<()>,
    publisher: JoinHandle<()>,
    member: Option<JoinHandle<()>>,
    scheduler: Option<JoinHandle<()>>,
    doorkeeper: Option<JoinHandle<()>>,
    sweeper: Option<JoinHandle<()>>,
    housekeeping: Option<JoinHandle<()>>,
    meter: Option<JoinHandle<()>>,
    troubles: Option<JoinHandle<()>>,
    sentinel: Option<JoinHandle<()>>,
    server: Arc<str>,
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
        let Parts { store, hub, providers, vault, server, membership, retention, streams } = parts;
        let server: Arc<str> = Arc::from(server);
        let (handle, inbox) = channel();
        if membership != Membership::Visitor {
            definitions::complete(&store).await?;
        }
        let committed = store.committed().ok_or(StoreError::Closed)?;
        let agents = Arc::new(Agents::default());
        let telemetry = Arc::new(Telemetry::new());
        let publisher = Publisher::new(PublisherParts {
            store: store.clone(),
            hub: hub.clone(),
            driver: handle.clone(),
            agents: agents.clone(),
            telemetry: telemetry.clone(),
            environment: environment.clone(),
            head: store.head().await?,
        });
        let published = publisher.published();
        let catalog = Arc::new(Catalog::new(store.clone()));
        let gate = Arc::new(Gate::default());
        let driver = Driver::new(DriverParts {
            telemetry: telemetry.clone(),
            gate: gate.clone(),
            store: store.clone(),
            catalog: catalog.clone(),
            environment: environment.clone(),
            providers,
            vault: vault.clone(),
            server: server.clone(),
        });
        let (troubles, troubled) = Troubles::channel();
        let workers = Registry::new(
            handle.clone(),
            environment.clone(),
            &hub,
            server.clone(),
            store.clone(),
            vault.clone(),
            troubles.clone(),
        );
        let started_at = environment.now();
        let api = Api::new(Shared {
            catalog,
            store: store.clone(),
            hub: hub.clone(),
            driver: handle.clone(),
            workers: workers.clone(),
            environment,
            vault,
            published,
            started_at,
            schedules_changed: Notify::new(),
            gate,
            hooks: Hooks::default(),
            alerts: Alerts::default(),
            agents,
            rates: Rates::new(streams.messages_per_s),
            rollup: Rollup::default(),
            troubles: troubles.clone(),
            telemetry: telemetry.clone(),
            access: Access::default(),
        });
        hub.set_commands(Arc::new(api.commands()));
        hub.set_workers(Arc::new(Door(workers.clone())));
        // Listed before anything new can start, so that recovery never meets what this start began.
        let before = Before::list(&store, &server, &membership, started_at).await?;
        let is_server = membership != Membership::Visitor;
        let environment = api.shared().environment.clone();
        let housekeeping = Housekeeping { store: store.clone(), environment, retention };
        let member = Member {
            api: api.clone(),
            store: store.clone(),
            driver: handle.clone(),
            environment: api.shared().environment.clone(),
            server: server.clone(),
            membership,
        };
        Ok(Self {
            driver: tokio::spawn(driver.run(inbox)),
            publisher: tokio::spawn(publisher.run(committed)),
            member: Some(tokio::spawn(member.run(before))),
            sweeper: is_server.then(|| tokio::spawn(Sweeper::new(api.clone(), server.clone()).run())),
            doorkeeper: Some(tokio::spawn(Doorkeeper::new(api.clone()).run(is_server))),
            scheduler: is_server.then(|| tokio::spawn(Scheduler(api.clone()).run())),
            sentinel: is_server.then(|| tokio::spawn(Sentinel(api.clone()).run())),
            housekeeping: is_server.then(|| tokio::spawn(housekeeping.run())),
            troubles: is_server.then(|| tokio::spawn(tell_all(api.clone(), troubled))),
            meter: is_server.then(|| tokio::spawn(Meter::new(api.clone(), server.clone()).run())),
            server,
            api,
            store,
            handle,
            workers,
        })
    }

    pub fn api(&self) -> Api {
        self.api.clone()
    }

    /// Stops taking work, lets running commits finish, publishes what was committed, closes the store.
    /// Tasks under way are stopped and stay open: the next start takes them up.
    pub async fn shutdown(mut self) {
        let others = [self.sweeper.take(), self.housekeeping.take(), self.doorkeeper.take(), self.scheduler.take()];
        for task in others
            .into_iter()
            .chain([self.member.take(), self.meter.take(), self.troubles.take(), self.sentinel.take()])
            .flatten()
        {
            task.abort();
            let _ = task.await;
        }
        let (reply, stopped) = oneshot::channel();
        if self.handle.tell(Message::Shutdown(reply)).await {
            let _ = stopped.await;
        }
        let _ = (&mut self.driver).await;
        // What it moved is free for others at once.
        if let Err(error) = self.store.leave(&self.server).await {
            tracing::warn!(%error, "this server could not say that it leaves");
        }
        self.workers.shutdown().await;
        if let Err(problem) = self.api.keep_metrics(true).await {
            tracing::warn!(%problem, "the newest measurements are missing from the charts");
        }
        self.store.close().await;
        let _ = (&mut self.publisher).await;
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.driver.abort();
        self.publisher.abort();
        let others = [&self.sweeper, &self.housekeeping, &self.doorkeeper, &self.scheduler];
        for task in others.into_iter().chain([&self.member, &self.meter, &self.troubles, &self.sentinel]).flatten() {
            task.abort();
        }
    }
}
