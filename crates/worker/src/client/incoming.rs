//! What a worker is sent.

use protocol::frame::{ServerFrame, ToWorker};
use serde::Deserialize;
use std::borrow::Cow;

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "one at a time")]
pub(super) enum Incoming {
    Worker(ToWorker),
    Server(ServerFrame),
    /// Of a later version, or of no interest.
    Other,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
}

pub(super) fn read(text: &str) -> Result<Incoming, serde_json::Error> {
    let head: Head<'_> = serde_json::from_str(text)?;
    Ok(match &*head.r#type {
        "worker_joined" | "worker_tasks" | "worker_reported" | "worker_cancel" | "worker_draining" => {
            Incoming::Worker(serde_json::from_str(text)?)
        }
        "hello" | "error" | "draining" => Incoming::Server(serde_json::from_str(text)?),
        _ => Incoming::Other,
    })
}
