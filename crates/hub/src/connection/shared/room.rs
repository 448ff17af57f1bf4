//! Waiting for room: a client that does not read is not read from, and the answers of its commands wait outside.

use super::Shared;
use std::sync::atomic::Ordering;

impl Shared {
    /// Resolves when there is room for more answers, or no more will be sent.
    pub(crate) async fn room_for_answers(&self) {
        self.room().await;
        if self.call_waits.load(Ordering::Relaxed) {
            self.sent.notify_one();
        }
    }

    /// The same, for the answer of a command. One at a time.
    pub(crate) async fn room_for_a_call(&self) {
        // Whoever waits beside this one has looked after it: the lock is between.
        self.call_waits.store(true, Ordering::Relaxed);
        self.room().await;
        self.call_waits.store(false, Ordering::Relaxed);
        self.sent.notify_one();
    }

    async fn room(&self) {
        loop {
            {
                let outbox = self.outbox();
                if self.is_gone() || outbox.is_closing() || outbox.has_room_for_answers() {
                    return;
                }
            }
            self.sent.notified().await;
        }
    }
}
