//! The last step before a task goes out and the first when it comes back: credentials and secrets are opened for
//! whoever holds the task, and nobody else ever sees them.

use super::executor::{Done, Executor, Lost};
use crate::credentials::Vault;
use async_trait::async_trait;
use protocol::Task;
use std::sync::Arc;
use store::Store;
use worker::{Cancelled, Run};

/// An executor, with what opens its tasks.
pub(super) struct Opening {
    inner: Arc<dyn Executor>,
    vault: Arc<Vault>,
    store: Arc<dyn Store>,
}

impl Opening {
    pub(super) fn around(inner: Arc<dyn Executor>, vault: &Arc<Vault>, store: &Arc<dyn Store>) -> Arc<dyn Executor> {
        Arc::new(Self { inner, vault: vault.clone(), store: store.clone() })
    }
}

#[async_trait]
impl Executor for Opening {
    fn name(&self) -> Arc<str> {
        self.inner.name()
    }

    fn protocols(&self) -> Vec<String> {
        self.inner.protocols()
    }

    fn concurrency(&self) -> usize {
        self.inner.concurrency()
    }

    fn is_open(&self) -> bool {
        self.inner.is_open()
    }

    fn is_instant(&self) -> bool {
        self.inner.is_instant()
    }

    async fn run(&self, task: Task, cancelled: Cancelled) -> Result<Done, Lost> {
        match self.vault.open(&self.store, task).await {
            Ok((task, redaction)) => {
                let redaction = Arc::new(redaction);
                let done = self.inner.run_opened(task, redaction.clone(), cancelled).await?;
                Ok(Done { run: redaction.run(done.run), ..done })
            }
            Err(error) => Ok(Run::failed(error).into()),
        }
    }
}
