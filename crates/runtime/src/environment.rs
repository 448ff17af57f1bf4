//! Time and randomness, injected. The only file of the runtime that asks a clock.

use futures::future::BoxFuture;
use protocol::Timestamp;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::{ContextV7, Uuid};

/// Where the runtime gets the time and new ids from.
pub trait Environment: Send + Sync + 'static {
    fn now(&self) -> Timestamp;

    /// A fresh UUIDv7. Ids drawn one after the other sort in that order within a process, also when the clock
    /// jumps back.
    fn id(&self) -> Uuid;

    /// Resolves after this long.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The machine's clock and random source.
#[derive(Default)]
pub struct SystemEnvironment {
    context: Mutex<ContextV7>,
}

impl Environment for SystemEnvironment {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn id(&self) -> Uuid {
        let context = self.context.lock().unwrap_or_else(PoisonError::into_inner);
        Uuid::new_v7(uuid::Timestamp::now(&*context))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_in_the_order_they_were_drawn() {
        let environment = SystemEnvironment::default();
        let ids: Vec<Uuid> = (0..10_000).map(|_| environment.id()).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
    }
}
