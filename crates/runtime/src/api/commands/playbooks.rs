//! The catalog.

use super::{json, or_empty, read, unknown};
use crate::Api;
use protocol::{Problem, api::DiffQuery};
use serde::Deserialize;
use serde_json::Value;

pub(super) const METHODS: &[&str] = &[
    "register_playbook",
    "validate_playbook",
    "playbooks",
    "playbook",
    "playbook_versions",
    "playbook_diff",
    "playbook_schema",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    source: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Search {
    q: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Path {
    path: String,
    #[serde(default)]
    version: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Versions {
    path: String,
    #[serde(default)]
    from: Option<u32>,
    #[serde(default)]
    to: Option<u32>,
}

pub(super) async fn call(api: &Api, method: &str, params: Value) -> Result<Value, Problem> {
    match method {
        "register_playbook" => json(api.register_playbook(&read::<Source>(params)?.source).await?),
        "validate_playbook" => json(api.validate_playbook(&read::<Source>(params)?.source).await?),
        "playbooks" => json(api.playbooks(read::<Search>(or_empty(params))?.q.as_deref()).await?),
        "playbook" => {
            let Path { path, version } = read(params)?;
            json(api.playbook(&path, version).await?)
        }
        "playbook_versions" => json(api.playbook_versions(&read::<Path>(params)?.path).await?),
        "playbook_diff" => {
            let Versions { path, from, to } = read(params)?;
            json(api.playbook_diff(&path, DiffQuery { from, to }).await?)
        }
        "playbook_schema" => Ok(api.playbook_schema()),
        _ => Err(unknown(method)),
    }
}
