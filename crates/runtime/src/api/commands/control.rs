//! What people tell executions that are under way.

use super::{BY, Of, json, read, unknown};
use crate::Api;
use protocol::{Problem, api::ReasonRequest};
use serde_json::Value;

pub(super) const METHODS: &[&str] = &["cancel", "terminate"];

pub(super) async fn call(api: &Api, method: &str, params: Value) -> Result<Value, Problem> {
    match method {
        "cancel" | "terminate" => {
            let Of { execution_id: id, request: ReasonRequest { reason } } = read(params)?;
            json(match method {
                "cancel" => api.cancel(id, reason, BY).await?,
                _ => api.terminate(id, reason, BY).await?,
            })
        }
        _ => Err(unknown(method)),
    }
}
