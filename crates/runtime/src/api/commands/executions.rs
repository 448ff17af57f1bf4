//! Executions: start, look.

use super::{Id, Of, json, or_empty, read, unknown};
use crate::Api;
use protocol::{
    ExecutionId, Position, Problem,
    api::{BulkRequest, EventQuery, ExecutionQuery, RerunRequest, SubmitRequest},
};
use serde::Deserialize;
use serde_json::Value;

pub(super) const METHODS: &[&str] =
    &["submit", "executions", "execution", "execution_events", "topic_events", "rerun", "bulk"];

/// Unknown fields are not refused here: serde cannot do that next to `flatten`.
#[derive(Deserialize)]
struct Events<T> {
    #[serde(flatten)]
    of: T,
    #[serde(default)]
    after: Position,
    #[serde(default = "hundred")]
    limit: u32,
}

#[derive(Deserialize)]
struct OfExecution {
    execution_id: ExecutionId,
}

fn hundred() -> u32 {
    100
}

pub(super) async fn call(api: &Api, method: &str, params: Value) -> Result<Value, Problem> {
    match method {
        "submit" => json(api.submit(read::<SubmitRequest>(params)?).await?),
        "rerun" => {
            let Of { execution_id, request } = read::<Of<RerunRequest>>(params)?;
            json(api.rerun(execution_id, request).await?)
        }
        "bulk" => json(api.bulk(read::<BulkRequest>(params)?).await?),
        "executions" => json(api.executions(read::<ExecutionQuery>(or_empty(params))?).await?),
        "execution" => json(api.execution(read::<Id>(params)?.execution_id).await?),
        "execution_events" => {
            let Events { of: OfExecution { execution_id }, after, limit } = read(params)?;
            json(api.execution_events(execution_id, after, limit).await?)
        }
        "topic_events" => json(api.events(read::<EventQuery>(or_empty(params))?).await?),
        _ => Err(unknown(method)),
    }
}
