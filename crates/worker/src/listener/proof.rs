//! Who a client says it is: at the beginning of a connection, and anew before the proof ends.

use super::builder::Tokens;
use futures::future::BoxFuture;
use protocol::Timestamp;
use serde_json::{Value, json};
use std::{future::pending, time::Duration};
use tokio::time::{Instant, sleep_until};

/// A token is renewed when so much of the time it has left is over, in percent: the rest is for the way, and for other
/// tries.
const RENEW_AT: u32 = 80;
/// And never sooner than that: by a clock that is ahead of the server's, no token may have any time left.
const RENEW_AFTER: Duration = Duration::from_secs(1);

/// What answers carry of the frames made here. Those of requests are numbers.
pub(super) const ID: &str = "proof";

pub(super) struct Proof {
    tokens: Tokens,
    /// What was sent last.
    sent: String,
    /// What the server took.
    held: Option<String>,
    ends_at: Option<Instant>,
    renew_at: Option<Instant>,
    fetching: Option<BoxFuture<'static, String>>,
}

impl Proof {
    /// `token`: of `tokens`, for the beginning.
    pub(super) fn new(tokens: Tokens, token: String) -> Self {
        Self { tokens, sent: token, held: None, ends_at: None, renew_at: None, fetching: None }
    }

    pub(super) fn frame(&self) -> Value {
        json!({"type": "authenticate", "id": ID, "token": self.sent})
    }

    /// Somebody else made the frame, of a fresh token.
    pub(super) fn sends(&mut self, token: &str) {
        token.clone_into(&mut self.sent);
    }

    /// The server took what was sent, until then.
    pub(super) fn holds(&mut self, expires_at: Option<Timestamp>, now: Timestamp) {
        self.held = Some(self.sent.clone());
        let left =
            |until: Timestamp| Duration::from_millis(u64::try_from(until.0.saturating_sub(now.0)).unwrap_or_default());
        self.ends_at = expires_at.and_then(|until| Instant::now().checked_add(left(until)));
        self.renew_later();
    }

    /// There is no better one for now. What the server took before holds as long as it did.
    pub(super) fn renew_later(&mut self) {
        let now = Instant::now();
        let wait = |end: Instant| (end.saturating_duration_since(now) * RENEW_AT / 100).max(RENEW_AFTER);
        self.renew_at = self.ends_at.map(|end| now + wait(end));
    }

    /// Resolves with a frame when it is time for a fresh token and there is one. May be dropped and asked for again.
    pub(super) async fn renewed(&mut self) -> Value {
        loop {
            if let Some(fetching) = &mut self.fetching {
                let token = fetching.await;
                self.fetching = None;
                // The same again proves nothing new.
                if self.held.as_ref() != Some(&token) {
                    self.sent = token;
                    return self.frame();
                }
                self.renew_later();
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
    use tokio::time::timeout;

    const NOW: Timestamp = Timestamp(1_767_225_600_000);

    fn in_ms(ms: i64) -> Option<Timestamp> {
        Some(Timestamp(NOW.0 + ms))
    }

    /// A proof with the token `first`, and then with these, the last of them again and again.
    fn proof(tokens: &'static [&'static str]) -> (Proof, Arc<AtomicU32>) {
        let fetched = Arc::new(AtomicU32::new(0));
        let count = fetched.clone();
        let fetch: Tokens = Arc::new(move || {
            let number = count.fetch_add(1, Ordering::Relaxed) as usize;
            Box::pin(std::future::ready(tokens[number.min(tokens.len() - 1)].to_owned()))
        });
        (Proof::new(fetch, "first".to_owned()), fetched)
    }

    async fn is_renewed_within(proof: &mut Proof, seconds: u64) -> bool {
        timeout(Duration::from_secs(seconds), proof.renewed()).await.is_ok()
    }

    /// Until the next renewal, in whole milliseconds.
    async fn renewed_after(proof: &mut Proof, token: &str) -> u128 {
        let began = Instant::now();
        assert_eq!(proof.renewed().await["token"], token);
        began.elapsed().as_millis()
    }

    #[tokio::test(start_paused = true)]
    async fn a_fresh_token_is_fetched_when_four_fifths_are_over_though_nobody_waited_through() {
        let (mut proof, _) = proof(&["second", "third"]);
        assert_eq!(proof.frame()["token"], "first");
        let began = Instant::now();
        proof.holds(in_ms(100_000), NOW);
        for _ in 0..50 {
            assert!(!is_renewed_within(&mut proof, 1).await);
        }
        assert_eq!(proof.renewed().await["token"], "second");
        assert_eq!(began.elapsed(), Duration::from_secs(80));
        proof.holds(in_ms(10_000), NOW);
        assert_eq!(renewed_after(&mut proof, "third").await, 8_000);
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_end_is_not_renewed() {
        let (mut endless, fetched) = proof(&["second"]);
        endless.holds(None, NOW);
        assert!(!is_renewed_within(&mut endless, 3_600).await);
        endless.renew_later();
        assert!(!is_renewed_within(&mut endless, 3_600).await);
        assert_eq!(fetched.load(Ordering::Relaxed), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_is_no_fresher_is_fetched_again_in_what_is_left() {
        let (mut proof, fetched) = proof(&["first", "first", "second"]);
        proof.holds(in_ms(100_000), NOW);
        // At 80, 96 and 99.2 s.
        assert_eq!(renewed_after(&mut proof, "second").await, 99_200);
        assert_eq!(fetched.load(Ordering::Relaxed), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_refused_for_now_is_sent_again() {
        let (mut proof, _) = proof(&["second"]);
        proof.holds(in_ms(100_000), NOW);
        assert_eq!(renewed_after(&mut proof, "second").await, 80_000);
        for after_ms in [16_000, 3_200, 1_000, 1_000] {
            proof.renew_later();
            assert_eq!(renewed_after(&mut proof, "second").await, after_ms);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn by_a_clock_that_is_ahead_tokens_are_renewed_once_a_second() {
        let (mut proof, _) = proof(&["second", "third", "fourth"]);
        for token in ["second", "third", "fourth"] {
            proof.holds(in_ms(-3_600_000), NOW);
            assert_eq!(renewed_after(&mut proof, token).await, 1_000);
        }
    }
}
