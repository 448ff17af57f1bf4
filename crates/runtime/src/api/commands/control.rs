//! What people tell executions that are under way.

use super::{Id, Of, json, or_empty, read, unknown};
use crate::Api;
use protocol::{
    Problem,
    api::{ApprovalAnswer, ApprovalQuery, ReasonRequest, SignalRequest},
};
use serde::Deserialize;
use serde_json::Value;

pub(super) const METHODS: &[&str] = &["cancel", "terminate", "pause", "resume", "signal", "approvals", "approve"];

#[derive(Deserialize)]
struct Approve {
    step: String,
    #[serde(flatten)]
    answer: ApprovalAnswer,
}

pub(super) async fn call(api: &Api, method: &str, params: Value) -> Result<Value, Problem> {
    match method {
        "cancel" | "terminate" | "pause" => {
            let Of { execution_id: id, request: ReasonRequest { reason } } = read(params)?;
            json(match method {
                "cancel" => api.cancel(id, reason).await?,
                "terminate" => api.terminate(id, reason).await?,
                _ => api.pause(id, reason).await?,
            })
        }
        "resume" => json(api.resume(read::<Id>(params)?.execution_id).await?),
        "signal" => {
            let Of { execution_id, request } = read::<Of<SignalRequest>>(params)?;
            json(api.signal(execution_id, request).await?)
        }
        "approvals" => json(api.approvals(read::<ApprovalQuery>(or_empty(params))?).await?),
        "approve" => {
            let Of { execution_id, request: Approve { step, answer } } = read(params)?;
            json(api.approve(execution_id, &step, answer).await?)
        }
        _ => Err(unknown(method)),
    }
}
