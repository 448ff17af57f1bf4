//! What a worker is made of, and its life.

use super::{
    WorkerError,
    connection::{Ended, Office, Token},
    desk::Desk,
    work::Bench,
};
use crate::{
    Provider,
    wire::{self, Backoff},
};
use protocol::frame::worker::WorkerJoin;
use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long work that was stopped at the end may take to say so.
const RELEASE: Duration = Duration::from_secs(6);

/// A program that takes tasks of a server. Build it, then [`Worker::run`] it.
pub struct Worker {
    server: String,
    name: String,
    version: String,
    providers: Vec<Arc<dyn Provider>>,
    concurrency: Option<usize>,
    token: Option<Token>,
    drain: Duration,
    on_joined: Box<dyn Fn(&str) + Send + Sync>,
}

impl Worker {
    /// A worker of the server at this URL (`http://127.0.0.1:9999`, `https://…`). Nothing is opened before
    /// [`Worker::run`].
    pub fn connect(server: impl Into<String>) -> Self {
        Self {
            server: server.into(),
            name: "worker".to_owned(),
            version: String::new(),
            providers: Vec::new(),
            concurrency: None,
            token: None,
            drain: Duration::from_secs(30),
            on_joined: Box::new(|_| {}),
        }
    }

    /// What people call it: 1 to 100 printable characters. The server makes it unique.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// What proves who this is, where the server asks: an API token of role component, or a JWT.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(Token(token.into()));
        self
    }

    /// Of the program, for people.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// Offers what the provider can do. Of two for one protocol the last one counts.
    pub fn provider(self, provider: impl Provider) -> Self {
        self.providers([Arc::new(provider) as Arc<dyn Provider>])
    }

    /// As [`Worker::provider`], several.
    pub fn providers(mut self, providers: impl IntoIterator<Item = Arc<dyn Provider>>) -> Self {
        self.providers.extend(providers);
        self
    }

    /// At most so many tasks of each protocol at once, also where a provider could run more.
    pub fn concurrency(mut self, tasks: usize) -> Self {
        self.concurrency = Some(tasks.max(1));
        self
    }

    /// How long work under way may go on when the worker is asked to leave; 30 s unless told. What is not done by
    /// then is stopped and given to others.
    pub fn drain_within(mut self, limit: Duration) -> Self {
        self.drain = limit;
        self
    }

    /// Called with the name events show, each time a server has taken the worker in.
    pub fn on_joined(mut self, joined: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.on_joined = Box::new(joined);
        self
    }

    /// Takes tasks until `shutdown` resolves; then finishes and reports what it has, and leaves. Connects again
    /// whenever a connection ends, with pauses that grow.
    ///
    /// # Errors
    /// What connecting again does not help against; and [`WorkerError::Unreported`] when it had to leave without
    /// telling how tasks ended.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), WorkerError> {
        let drain = self.drain;
        let office = self.office()?;
        let leaving = async {
            shutdown.await;
            tracing::info!("leaving: no new tasks");
            office.desk.drain();
            if timeout(drain, office.desk.done()).await.is_err() {
                tracing::warn!("tasks were still under way after {} s: they are given to others", drain.as_secs());
                office.desk.cancel_all();
                let _ = timeout(RELEASE, office.desk.done()).await;
            }
            office.leaves.cancel();
            // The loop below ends by itself, with a proper close.
            std::future::pending().await
        };
        let ended = tokio::select! {
            ended = office.stay() => ended,
            () = leaving => Ok(()),
        };
        office.desk.cancel_all();
        office.tasks.close();
        let _ = timeout(RELEASE, office.tasks.wait()).await;
        match office.desk.unreported() {
            0 => ended,
            unreported => ended.and(Err(WorkerError::Unreported(unreported))),
        }
    }

    fn office(self) -> Result<Office, WorkerError> {
        let address = wire::address(&self.server).ok_or_else(|| WorkerError::Address(self.server.clone()))?;
        if self.providers.is_empty() {
            return Err(WorkerError::NoProvider);
        }
        let mut benches = HashMap::new();
        let mut join = WorkerJoin { name: self.name, version: self.version, concurrency: 1, ..WorkerJoin::default() };
        for provider in self.providers {
            let places = provider.concurrency().min(self.concurrency.unwrap_or(usize::MAX)).clamp(1, MOST as usize);
            let bench = Bench { provider: provider.clone(), places: Arc::new(Semaphore::new(places)) };
            for protocol in provider.protocols() {
                benches.insert(*protocol, bench.clone());
                let places = u32::try_from(places).unwrap_or(MOST);
                join.concurrency_of.insert((*protocol).to_owned(), places);
                join.concurrency = join.concurrency.max(places);
            }
        }
        join.protocols = join.concurrency_of.keys().cloned().collect();
        Ok(Office {
            address,
            token: self.token,
            desk: Arc::new(Desk::new(join)),
            benches,
            tasks: TaskTracker::new(),
            leaves: CancellationToken::new(),
            on_joined: self.on_joined,
        })
    }
}

/// Tasks at once of one protocol, as the server takes them.
const MOST: u32 = 10_000;

impl Office {
    /// Connects, again and again, until everything is done.
    async fn stay(&self) -> Result<(), WorkerError> {
        let mut backoff = Backoff::new();
        while !self.leaves.is_cancelled() {
            let Ended { had_joined, after, why } = self.serve().await?;
            if self.leaves.is_cancelled() {
                break;
            }
            if had_joined {
                backoff.reset();
            }
            let pause = after.map_or_else(|| backoff.pause(), wire::jittered);
            tracing::warn!(server = %self.address, why, ?pause, "not connected; trying again");
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.leaves.cancelled() => {}
            }
        }
        Ok(())
    }
}
