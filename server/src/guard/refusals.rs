//! What was refused, counted by reason: `signalbox_refused_total{reason}`.

use crate::rest::RefusedAs;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use hub::{
    Hub,
    session::{Close, EXPIRED},
};
use protocol::frame::close;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// Every reason there is, so that a figure of 0 is told as one.
const REASONS: [&str; 10] = [
    "host",
    "origin",
    "proxy",
    "unauthenticated",
    "expired",
    "forbidden",
    "login",
    "flooding",
    "malformed",
    "overloaded",
];

/// Requests by what was answered, the hub's frames too, and its connections by how they were closed. A frame that ends
/// its connection counts once.
pub struct Refusals {
    requests: [AtomicU64; REASONS.len()],
    hub: Arc<Hub>,
}

impl Refusals {
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        Self { requests: Default::default(), hub }
    }

    /// How many were refused since the start, by reason.
    pub fn snapshot(&self) -> BTreeMap<&'static str, u64> {
        let mut counts: BTreeMap<&'static str, u64> =
            REASONS.iter().zip(&self.requests).map(|(reason, count)| (*reason, count.load(Relaxed))).collect();
        for (close, count) in self.hub.closes() {
            if let Some(reason) = of_close(&close) {
                *counts.entry(reason).or_default() += count;
            }
        }
        for (code, count) in self.hub.errors() {
            if let Some(reason) = of_frame(&code) {
                *counts.entry(reason).or_default() += count;
            }
        }
        counts
    }

    fn count(&self, reason: &str) {
        if let Some(index) = REASONS.iter().position(|known| *known == reason) {
            self.requests[index].fetch_add(1, Relaxed);
        }
    }
}

pub(crate) async fn count(State(refusals): State<Arc<Refusals>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if let Some(RefusedAs(code)) = response.extensions().get()
        && let Some(reason) = of_code(code)
    {
        refusals.count(reason);
    }
    response
}

fn of_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "host_not_allowed" => "host",
        "cross_site" | "webhook_unsigned" => "origin",
        "not_through_proxy" => "proxy",
        "unauthenticated" | "token_unknown" | "jwt_invalid" | "signature_invalid" => "unauthenticated",
        "token_expired" => "expired",
        "forbidden" => "forbidden",
        "login_failed" => "login",
        "too_many_attempts" | "rate_limited" | "queue_full" => "flooding",
        "overloaded" => "overloaded",
        "body_too_large"
        | "body_broken"
        | "body_not_utf8"
        | "body_timeout"
        | "handshake"
        | "json_syntax"
        | "json_shape"
        | "unsupported_media_type" => "malformed",
        _ => return None,
    })
}

/// Of an error frame.
fn of_frame(code: &str) -> Option<&'static str> {
    Some(match code {
        "identity_changed" => "forbidden",
        "too_many_commands" => "flooding",
        "invalid_json"
        | "missing_field"
        | "invalid_field"
        | "unknown_type"
        | "binary"
        | "not_a_worker"
        | "worker_not_joined"
        | "worker_joined_already" => "malformed",
        code => return of_code(code),
    })
}

fn of_close(closed: &Close) -> Option<&'static str> {
    Some(match closed.code {
        _ if *closed == EXPIRED => "expired",
        close::UNAUTHENTICATED => "unauthenticated",
        close::FORBIDDEN => "forbidden",
        close::FLOODING => "flooding",
        close::INVALID | 1002 | 1003 | 1007 | 1009 => "malformed",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_given_is_one_that_is_counted() {
        let codes = [
            "host_not_allowed",
            "cross_site",
            "not_through_proxy",
            "unauthenticated",
            "token_expired",
            "forbidden",
            "login_failed",
            "too_many_attempts",
            "json_syntax",
            "handshake",
            "overloaded",
        ];
        let frames = ["identity_changed", "too_many_commands", "invalid_json", "rate_limited", "forbidden"];
        let mut given: Vec<&str> = codes.iter().filter_map(|code| of_code(code)).collect();
        given.extend(frames.iter().filter_map(|code| of_frame(code)));
        assert_eq!(given.len(), codes.len() + frames.len());
        for reason in given
            .into_iter()
            .chain([4400, 4401, 4403, 4429].into_iter().filter_map(|code| of_close(&Close { code, reason: "" })))
        {
            assert!(REASONS.contains(&reason), "{reason}");
        }
    }
}
