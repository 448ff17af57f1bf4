//! `secrets`: names secrets, without reading them.
//!
//! Fields: `name`, `names`, `key`, `keys` or `secret_name`; `provider` (`env`, the only one here); `default`.
//! Result: `{status, provider, name, value, secret_value}`, or with several names `{status, provider, values}`.
//! Each value is a handle: text that means the secret wherever it is passed on, alone or inside of other text, and
//! that is opened when a task is handed out. The secret itself is in no event, row or log.
//!
//! Absences: the value of a secret never comes here.

use crate::fields::{Fields, bad_config, kind};
use async_trait::async_trait;
use protocol::{Task, TaskError};
use serde_json::{Map, Value, json};
use std::{fmt, sync::Arc};
use worker::{Cancelled, Provider, Run};

/// Nothing is waited for; the number only has to be finite.
const CONCURRENCY: usize = 256;

/// Who knows the secrets and makes handles for them.
pub trait SecretHandles: Send + Sync + 'static {
    /// The handle of a secret by the name a playbook gives it; `Ok(None)` when there is none of that name, or none
    /// that steps may have.
    ///
    /// # Errors
    /// When no handle can be made at all.
    fn handle(&self, name: &str) -> Result<Option<String>, TaskError>;
}

/// [`SecretHandles`] as a setting.
#[derive(Clone)]
pub struct Handles(pub Arc<dyn SecretHandles>);

impl fmt::Debug for Handles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handles")
    }
}

pub struct SecretsProvider {
    handles: Option<Handles>,
}

impl SecretsProvider {
    pub fn new(handles: Option<Handles>) -> Self {
        Self { handles }
    }

    fn attempt(&self, task: &Task) -> Result<Value, TaskError> {
        let fields = Fields::of("secrets", &task.config)?;
        let provider = fields.text(&["provider"])?.unwrap_or("env");
        if provider != "env" {
            return Err(bad_config(format!(
                "secrets: `provider` is `{provider}`; here only `env` is offered (`auth` reaches stored credentials)"
            )));
        }
        let wanted = fields.any(&["name", "key", "secret_name", "names", "keys"]);
        let default = fields.any(&["default"]).map(|(_, value)| value);
        match wanted {
            None => Err(fields.missing("name", "the name of a secret")),
            Some((_, Value::String(name))) => {
                let value = self.one(name, default)?;
                Ok(json!({
                    "status": "success", "provider": provider, "name": name, "value": value, "secret_value": value,
                }))
            }
            Some((field, Value::Array(names))) => {
                let mut values = Map::new();
                for name in names {
                    let Value::String(name) = name else {
                        return Err(fields.wrong(field, "a list of names", name));
                    };
                    values.insert(name.clone(), self.one(name, default)?);
                }
                Ok(json!({"status": "success", "provider": provider, "values": values}))
            }
            Some((field, other)) => {
                Err(bad_config(format!("secrets: `{field}` must be a name or a list of names, not {}", kind(other))))
            }
        }
    }

    fn one(&self, name: &str, default: Option<&Value>) -> Result<Value, TaskError> {
        let found = match &self.handles {
            Some(Handles(handles)) => handles.handle(name)?,
            None => None,
        };
        match (found, default) {
            (Some(handle), _) => Ok(Value::String(handle)),
            (None, Some(default)) => Ok(default.clone()),
            (None, None) => Err(TaskError::new(
                "secret_unknown",
                format!(
                    "secrets: there is no secret `{name}` for steps: the server's environment needs \
                     SIGNALBOX_SECRET_{}, or a variable that `secrets_env_allow` of the configuration names",
                    name.trim_start_matches("SIGNALBOX_SECRET_"),
                ),
            )),
        }
    }
}

#[async_trait]
impl Provider for SecretsProvider {
    fn protocols(&self) -> &[&'static str] {
        &["secrets"]
    }

    fn concurrency(&self) -> usize {
        CONCURRENCY
    }

    async fn run(&self, task: Task, _cancelled: Cancelled) -> Run {
        self.attempt(&task).map_or_else(Run::failed, Run::completed)
    }
}
