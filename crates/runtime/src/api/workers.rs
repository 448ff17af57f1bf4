//! Worker processes.

use super::Api;
use protocol::{Problem, api::WorkerList};

impl Api {
    /// The worker processes connected to this server, in the order in which they came; then those of other servers on
    /// the same store, where a bus joins them. A server that does not answer at once is left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn workers(&self) -> Result<WorkerList, Problem> {
        let shared = &self.shared;
        let mut list = self.workers_here();
        let now = shared.environment.now();
        let alive =
            shared.store.servers().await.map_err(super::from_store)?.iter().filter(|server| server.until > now).count();
        let id = shared.environment.id().to_string();
        for answer in shared.hub.ask_others(id, WORKERS, alive.saturating_sub(1)).await {
            match serde_json::from_value::<WorkerList>(answer) {
                Ok(others) => list.workers.extend(others.workers),
                Err(error) => tracing::debug!(%error, "another server's workers cannot be read"),
            }
        }
        Ok(list)
    }

    fn workers_here(&self) -> WorkerList {
        WorkerList { workers: self.shared.workers.list() }
    }

    /// What another server asks; `None` where there is no answer.
    pub(crate) fn answer(&self, method: &str) -> Option<serde_json::Value> {
        (method == WORKERS).then(|| serde_json::to_value(self.workers_here()).ok()).flatten()
    }
}

/// What servers ask each other for.
const WORKERS: &str = "workers";
