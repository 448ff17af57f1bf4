//! A time that passes when the test says so.

use futures::future::BoxFuture;
use protocol::Timestamp;
use runtime::{Environment, SystemEnvironment};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use uuid::Uuid;

pub(crate) struct Clock {
    now: watch::Sender<i64>,
    ids: SystemEnvironment,
}

impl Clock {
    pub(crate) fn at(text: &str) -> Arc<Self> {
        Arc::new(Self { now: watch::Sender::new(time(text).0), ids: SystemEnvironment::default() })
    }

    pub(crate) fn set(&self, text: &str) {
        self.now.send_replace(time(text).0);
    }

    /// Lets a little time pass until there is an answer: whoever looked at the clock just before it was set sleeps
    /// that much too long.
    pub(crate) async fn until<T>(&self, look: impl AsyncFnMut() -> Option<T>) -> T {
        self.until_by(1, look).await
    }

    /// The same, a second at each look: for what is done every few of them.
    pub(crate) async fn hasten_until<T>(&self, look: impl AsyncFnMut() -> Option<T>) -> T {
        self.until_by(1_000, look).await
    }

    async fn until_by<T>(&self, ms: i64, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            self.now.send_modify(|now| *now += ms);
            tokio::task::yield_now().await;
        }
    }
}

impl Environment for Clock {
    fn now(&self) -> Timestamp {
        Timestamp(*self.now.borrow())
    }

    fn id(&self) -> Uuid {
        self.ids.id()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let mut now = self.now.subscribe();
        let until = *now.borrow() + i64::try_from(duration.as_millis()).expect("a sleep of a test");
        Box::pin(async move {
            // The clock outlives whoever sleeps by it, or the sleep never ends.
            if now.wait_for(|now| *now >= until).await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }
}

/// `2026-03-29T01:00:00Z`
pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp(chrono::DateTime::parse_from_rfc3339(text).expect("a time").timestamp_millis())
}
