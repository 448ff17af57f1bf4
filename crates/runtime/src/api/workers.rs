//! Worker processes.

use super::Api;
use protocol::api::WorkerList;

impl Api {
    /// The worker processes connected to this server, in the order in which they came.
    pub fn workers(&self) -> WorkerList {
        WorkerList { workers: self.shared.workers.list() }
    }
}
