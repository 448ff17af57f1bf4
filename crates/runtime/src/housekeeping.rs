//! What is done every minute so that a store does not grow for ever. Every server has such a task; two that meet do no
//! harm, and less than twice the work.

use crate::{Environment, streams::RESOLUTIONS};
use protocol::Timestamp;
use std::{sync::Arc, time::Duration};
use store::{Store, StoreError};

const EVERY: Duration = Duration::from_secs(60);
/// Executions removed in one transaction; the store stops sooner when they are large.
const EXECUTIONS: u32 = 200;
const EVENTS: u32 = 5_000;
/// Between two transactions: commits go first.
const PAUSE: Duration = Duration::from_millis(50);

/// How long what is over is kept. `None`: for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Executions, from their end on.
    pub executions_ms: Option<u64>,
    /// Events of type `system_alert`.
    pub alerts_ms: Option<u64>,
    /// What other programs said of their agents, workflows and memories.
    pub messages_ms: Option<u64>,
}

pub(crate) struct Housekeeping {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) environment: Arc<dyn Environment>,
    pub(crate) retention: Retention,
}

impl Housekeeping {
    /// Until it is dropped, which leaves nothing half done.
    pub(crate) async fn run(self) {
        loop {
            self.environment.sleep(EVERY).await;
            if let Err(error) = self.once().await {
                tracing::warn!(%error, "housekeeping goes on in a minute");
            }
        }
    }

    async fn once(&self) -> Result<(), StoreError> {
        self.store.sweep_waiting().await?;
        if let Some(before) = self.before(self.retention.executions_ms) {
            loop {
                let pruned = self.store.prune(before, EXECUTIONS).await?;
                if pruned.executions == 0 {
                    break;
                }
                tracing::info!(executions = pruned.executions, events = pruned.events, "removed, being old");
                self.environment.sleep(PAUSE).await;
            }
        }
        let Retention { alerts_ms, messages_ms, .. } = self.retention;
        for (kind, kept_ms) in [
            ("system_alert", alerts_ms),
            ("agent_state", messages_ms),
            ("workflow_execution", messages_ms),
            ("memory_timeline", messages_ms),
        ] {
            let Some(before) = self.before(kept_ms) else { continue };
            while self.store.prune_events(kind, before, EVENTS).await? > 0 {
                self.environment.sleep(PAUSE).await;
            }
        }
        for (resolution_ms, kept_ms) in RESOLUTIONS {
            if let Some(before) = self.before(Some(kept_ms)) {
                self.store.prune_metrics(resolution_ms, before).await?;
            }
        }
        Ok(())
    }

    fn before(&self, kept_ms: Option<u64>) -> Option<Timestamp> {
        let kept = i64::try_from(kept_ms?).unwrap_or(i64::MAX);
        Some(Timestamp(self.environment.now().0.saturating_sub(kept)))
    }
}
