//! Ends connections whose proof has ended: by time, or because it was taken back, here or on another server.

use crate::Api;
use hub::session::UNPROVEN;
use std::time::Duration;

/// How late at most the end of a proof is noticed.
const LOOK: Duration = Duration::from_secs(1);
/// Every so many looks the store is asked what others took back.
const ASK: u32 = 2;

pub(crate) struct Sentinel(pub(crate) Api);

impl Sentinel {
    pub(crate) async fn run(self) {
        let shared = self.0.shared();
        for look in 0u32.. {
            let revoked = tokio::time::timeout(LOOK, shared.access.revoked.notified()).await.is_ok();
            let now = shared.environment.now();
            shared.hub.end_expired(now);
            if revoked || look.is_multiple_of(ASK) {
                self.end_what_was_taken_back().await;
            }
        }
    }

    async fn end_what_was_taken_back(&self) {
        let shared = self.0.shared();
        let held = shared.hub.credentials();
        if held.is_empty() {
            return;
        }
        match shared.store.credentials_alive(&held, shared.environment.now()).await {
            Ok(alive) => shared.hub.end(UNPROVEN, |who| {
                // Who came in since is not among those that were asked about.
                held.contains(&who.credential) && !alive.contains(&who.credential)
            }),
            // Asked again in two seconds; meanwhile those who are in stay in, as they would if nothing had happened.
            Err(error) => tracing::warn!(%error, "which credentials were taken back could not be read"),
        }
    }
}
