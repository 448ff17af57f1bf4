//! Schedules.

use super::{json, or_empty, read, unknown};
use crate::Api;
use protocol::{
    Problem,
    api::{ScheduleQuery, ScheduleRequest},
};
use serde::Deserialize;
use serde_json::Value;

pub(super) const METHODS: &[&str] = &[
    "schedules",
    "schedule",
    "add_schedule",
    "put_schedule",
    "delete_schedule",
    "pause_schedule",
    "resume_schedule",
    "run_schedule",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    name: String,
    #[serde(default)]
    idempotency_key: Option<String>,
}

pub(super) async fn call(api: &Api, method: &str, params: Value) -> Result<Value, Problem> {
    match method {
        "schedules" => json(api.schedules(read::<ScheduleQuery>(or_empty(params))?).await?),
        "schedule" => json(api.schedule(&read::<Name>(params)?.name).await?),
        "add_schedule" => json(api.add_schedule(read::<ScheduleRequest>(params)?).await?),
        "put_schedule" => {
            let request: ScheduleRequest = read(params)?;
            let name = request.name.clone().unwrap_or_default();
            json(api.put_schedule(&name, request).await?.0)
        }
        "delete_schedule" => json(api.delete_schedule(&read::<Name>(params)?.name).await?),
        "pause_schedule" => json(api.pause_schedule(&read::<Name>(params)?.name).await?),
        "resume_schedule" => json(api.resume_schedule(&read::<Name>(params)?.name).await?),
        "run_schedule" => {
            let Run { name, idempotency_key } = read(params)?;
            json(api.run_schedule(&name, idempotency_key).await?)
        }
        _ => Err(unknown(method)),
    }
}
