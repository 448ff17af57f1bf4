//! Putting the parts together and taking them apart.

use crate::Api;
use hub::Hub;
use std::sync::Arc;
use store::Store;
use worker::Provider;

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
}

impl Runtime {
    /// Starts the driver, the publisher, the timers and, if asked, recovery.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn start(parts: Parts) -> Result<Self, store::StoreError> {
        let _ = parts;
        Ok(Self { api: Api {} })
    }

    pub fn api(&self) -> Api {
        self.api.clone()
    }

    /// Stops taking work, lets running commits finish, publishes what was committed, closes the store.
    /// Tasks under way are left as they are: the next start takes them up.
    pub async fn shutdown(self) {}
}
