//! Clients that do not keep up: bounded, told the truth, exact when they come back. In virtual time.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod catching_up;
mod commands_at_once;
mod gaps;
#[path = "../memory_log/mod.rs"]
mod memory_log;
mod outbox;
#[path = "../peer/mod.rs"]
mod peer;
mod readers;

use commands_at_once::Slow;
use hub::{Hub, HubConfig};
use memory_log::MemoryLog;
use std::sync::Arc;

async fn start(config: HubConfig) -> (Arc<Hub>, Arc<MemoryLog>) {
    let log = MemoryLog::new("e1");
    let hub = Hub::new(log.clone(), config);
    hub.set_commands(Arc::new(Slow));
    (hub, log)
}
