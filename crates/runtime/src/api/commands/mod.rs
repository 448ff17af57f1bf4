//! The use cases as the socket's `command` frames call them: method names and parameters of REST's bodies.
//!
//! One file per group of methods, each with the list of its own.

mod access;
mod control;
mod credentials;
mod executions;
mod playbooks;
mod schedules;

use super::{Api, Shared};
use async_trait::async_trait;
use protocol::{ExecutionId, Identity, Position, Problem};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::sync::{Arc, Weak};

const GROUPS: [&[&str]; 7] = [
    access::METHODS,
    playbooks::METHODS,
    executions::METHODS,
    control::METHODS,
    schedules::METHODS,
    credentials::METHODS,
    &["workers", "health", "agents", "metrics", "metric_series", "websocket_status", "broadcast_test"],
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Id {
    execution_id: ExecutionId,
}

/// Unknown fields are not refused here: serde cannot do that next to `flatten`.
#[derive(Deserialize)]
struct Of<T> {
    execution_id: ExecutionId,
    #[serde(flatten)]
    request: T,
}

impl Api {
    /// Calls a use case by its name.
    ///
    /// # Errors
    /// `not_found` for an unknown method, `json_shape` naming what is wrong with its parameters, or what
    /// the use case says.
    pub async fn command(&self, method: &str, params: Value) -> Result<Value, Problem> {
        match method {
            _ if access::METHODS.contains(&method) => access::call(self, method, params).await,
            _ if playbooks::METHODS.contains(&method) => playbooks::call(self, method, params).await,
            _ if executions::METHODS.contains(&method) => executions::call(self, method, params).await,
            _ if control::METHODS.contains(&method) => control::call(self, method, params).await,
            _ if schedules::METHODS.contains(&method) => schedules::call(self, method, params).await,
            _ if credentials::METHODS.contains(&method) => credentials::call(self, method, params).await,
            "workers" => json(self.workers().await?),
            "health" => json(self.health().await?),
            "agents" => json(self.agents().await?),
            "websocket_status" => json(self.websocket_status().await),
            "broadcast_test" => json(self.broadcast_test().await?),
            "metrics" => json(self.metric_names().await?),
            "metric_series" => json(self.metric_series(read(params)?).await?),
            _ => Err(unknown(method)),
        }
    }
}

fn unknown(method: &str) -> Problem {
    Problem::not_found("method", method, &format!("the methods are {}", GROUPS.concat().join(", ")))
}

fn or_empty(params: Value) -> Value {
    if params.is_null() { Value::Object(serde_json::Map::new()) } else { params }
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, Problem> {
    serde_json::from_value(params)
        .map_err(|error| Problem::new(422, "json_shape", "Wrong shape", format!("`params`: {error}")))
}

fn json<T: Serialize>(value: T) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(|error| Problem::internal(error.to_string()))
}

/// The hub's view of the API; weak, because the API holds the hub.
pub(crate) struct SocketCommands(pub(crate) Weak<Shared>);

impl SocketCommands {
    fn of(&self, who: &Arc<Identity>) -> Result<Api, Problem> {
        let shared = self.0.upgrade().ok_or_else(|| {
            Problem::new(503, "stopping", "Stopping", "the server is stopping; try again in a moment").temporary()
        })?;
        Ok(Api { shared, who: who.clone() })
    }
}

#[async_trait]
impl hub::Commands for SocketCommands {
    async fn call(&self, who: &Arc<Identity>, method: &str, params: Value) -> Result<Value, Problem> {
        self.of(who)?.command(method, params).await
    }

    async fn ask(&self, method: &str) -> Option<Value> {
        let shared = self.0.upgrade()?;
        Api { shared, who: Arc::new(Identity::local_at("signalbox")) }.answer(method)
    }

    async fn publish(&self, who: &Arc<Identity>, messages: Vec<Value>) -> Vec<Result<Option<Position>, Problem>> {
        match self.of(who) {
            Ok(api) => api.publish_each(messages).await,
            Err(problem) => vec![Err(problem); messages.len()],
        }
    }
}

impl Api {
    pub(crate) fn commands(&self) -> SocketCommands {
        SocketCommands(std::sync::Arc::downgrade(&self.shared))
    }
}
