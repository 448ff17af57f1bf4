//! The use cases as the socket's `command` frames call them: method names and parameters of REST's bodies.

use super::{Api, Shared};
use async_trait::async_trait;
use protocol::{
    ExecutionId, Position, Problem, Topic,
    api::{ExecutionQuery, SubmitRequest},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::sync::Weak;

const METHODS: &str = "register_playbook, validate_playbook, playbooks, playbook, playbook_versions, submit, \
     executions, execution, execution_events, topic_events, cancel, health";

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
struct Id {
    execution_id: ExecutionId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cancel {
    execution_id: ExecutionId,
    #[serde(default)]
    reason: Option<String>,
}

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

#[derive(Deserialize)]
struct OfTopic {
    topic: Topic,
}

fn hundred() -> u32 {
    100
}

impl Api {
    /// Calls a use case by its name.
    ///
    /// # Errors
    /// `not_found` for an unknown method, `params_invalid` naming what is wrong with its parameters, or what
    /// the use case says.
    pub async fn command(&self, method: &str, params: Value) -> Result<Value, Problem> {
        match method {
            "register_playbook" => json(self.register_playbook(&read::<Source>(params)?.source).await?),
            "validate_playbook" => json(self.validate_playbook(&read::<Source>(params)?.source).await?),
            "playbooks" => json(self.playbooks(read::<Search>(or_empty(params))?.q.as_deref()).await?),
            "playbook" => {
                let Path { path, version } = read(params)?;
                json(self.playbook(&path, version).await?)
            }
            "playbook_versions" => json(self.playbook_versions(&read::<Path>(params)?.path).await?),
            "submit" => json(self.submit(read::<SubmitRequest>(params)?).await?),
            "executions" => json(self.executions(read::<ExecutionQuery>(or_empty(params))?).await?),
            "execution" => json(self.execution(read::<Id>(params)?.execution_id).await?),
            "execution_events" => {
                let Events { of: OfExecution { execution_id }, after, limit } = read(params)?;
                json(self.execution_events(execution_id, after, limit).await?)
            }
            "topic_events" => {
                let Events { of: OfTopic { topic }, after, limit } = read(params)?;
                json(self.topic_events(topic, after, limit).await?)
            }
            "cancel" => {
                let Cancel { execution_id, reason } = read(params)?;
                json(self.cancel(execution_id, reason, "socket").await?)
            }
            "health" => json(self.health().await?),
            other => Err(Problem::not_found("method", other, &format!("the methods are {METHODS}"))),
        }
    }
}

fn or_empty(params: Value) -> Value {
    if params.is_null() { Value::Object(serde_json::Map::new()) } else { params }
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, Problem> {
    serde_json::from_value(params).map_err(|error| Problem::bad_request("params_invalid", format!("`params`: {error}")))
}

fn json<T: Serialize>(value: T) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(|error| Problem::internal(error.to_string()))
}

/// The hub's view of the API; weak, because the API holds the hub.
pub(crate) struct SocketCommands(pub(crate) Weak<Shared>);

#[async_trait]
impl hub::Commands for SocketCommands {
    async fn call(&self, method: &str, params: Value) -> Result<Value, Problem> {
        let shared = self.0.upgrade().ok_or_else(|| {
            Problem::new(503, "stopping", "Stopping", "the server is stopping; try again in a moment").temporary()
        })?;
        Api { shared }.command(method, params).await
    }
}

impl Api {
    pub(crate) fn commands(&self) -> SocketCommands {
        SocketCommands(std::sync::Arc::downgrade(&self.shared))
    }
}
