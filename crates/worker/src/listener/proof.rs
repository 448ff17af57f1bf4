//! Who a client says it is: at the beginning of a connection, and anew before the proof ends.

use super::builder::Tokens;
use futures::future::BoxFuture;
use protocol::Timestamp;
use serde_json::{Value, json};
use std::{
    future::pending,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::{Instant, sleep_until};

/// A token is renewed when so much of its time is over, in percent: what is left is for the way, and for another try.
const RENEW_AT: u32 = 80;

/// What answers carry of the frames made here. Those of requests are numbers.
pub(super) const ID: &str = "proof";

pub(super) struct Proof {
    tokens: Tokens,
    /// What the server has.
    sent: String,
    renew_at: Option<Instant>,
    fetching: Option<BoxFuture<'static, String>>,
}

impl Proof {
    /// `token`: of `tokens`, for the beginning.
    pub(super) fn new(tokens: Tokens, token: String) -> Self {
        Self { tokens, sent: token, renew_at: None, fetching: None }
    }

    pub(super) fn frame(&self) -> Value {
        json!({"type": "authenticate", "id": ID, "token": self.sent})
    }

    /// The server took it, until then.
    pub(super) fn holds(&mut self, expires_at: Option<Timestamp>) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let left =
            |until: Timestamp| Duration::from_millis(u64::try_from(until.0).unwrap_or_default()).saturating_sub(now);
        self.renew_at = expires_at.and_then(|until| Instant::now().checked_add(left(until) * RENEW_AT / 100));
    }

    /// Resolves with a frame when it is time for a fresh token and there is one. May be dropped and asked for again.
    pub(super) async fn renewed(&mut self) -> Value {
        loop {
            if let Some(fetching) = &mut self.fetching {
                let token = fetching.await;
                self.fetching = None;
                // The same again proves nothing new: the connection ends with it, and the next asks once more.
                if token != self.sent {
                    self.sent = token;
                    return self.frame();
                }
            }
            let Some(at) = self.renew_at else { return pending().await };
            sleep_until(at).await;
            self.renew_at = None;
            self.fetching = Some((self.tokens)());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    fn in_ms(ms: u64) -> Option<Timestamp> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        Some(Timestamp(i64::try_from(now).unwrap() + i64::try_from(ms).unwrap()))
    }

    /// `fresh-1`, `fresh-2` …
    fn fresh() -> Tokens {
        let made = Arc::new(AtomicU32::new(0));
        Arc::new(move || {
            let number = made.fetch_add(1, Ordering::Relaxed) + 1;
            Box::pin(async move { format!("fresh-{number}") })
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_fresh_token_is_fetched_when_four_fifths_are_over_though_nobody_waited_through() {
        let mut proof = Proof::new(fresh(), "first".to_owned());
        assert_eq!(proof.frame()["token"], "first");
        let began = Instant::now();
        proof.holds(in_ms(100_000));
        for _ in 0..50 {
            let waited = tokio::time::timeout(Duration::from_secs(1), proof.renewed()).await;
            assert!(waited.is_err(), "{waited:?}");
        }
        assert_eq!(proof.renewed().await["token"], "fresh-1");
        let waited = began.elapsed().as_secs_f64();
        assert!((79.0..81.0).contains(&waited), "{waited}");
        proof.holds(in_ms(10_000));
        assert_eq!(proof.renewed().await["token"], "fresh-2");
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_end_or_is_no_fresher_is_not_renewed() {
        let mut endless = Proof::new(fresh(), "first".to_owned());
        endless.holds(None);
        let mut same = Proof::new(Arc::new(|| Box::pin(std::future::ready("first".to_owned()))), "first".to_owned());
        same.holds(in_ms(1_000));
        for mut proof in [endless, same] {
            let waited = tokio::time::timeout(Duration::from_secs(3_600), proof.renewed()).await;
            assert!(waited.is_err(), "{waited:?}");
        }
    }
}
