//! Opening what a task may know, when it is handed out.

use super::{
    Vault, handle,
    redact::{Known, Redaction},
};
use crate::api::from_store;
use protocol::{Task, TaskError};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use store::Store;

/// The protocol whose results are handles: nothing is opened for it.
const SECRETS: &str = "secrets";
/// The field of a credential that the playbook brings along itself.
const INLINE: &str = "inline";

impl Vault {
    /// The task with its credentials and with its handles opened, and what takes them out of its run.
    ///
    /// # Errors
    /// What the task fails with: `credential_unknown`, `credential_key` …
    pub(crate) async fn open(&self, store: &Arc<dyn Store>, mut task: Task) -> Result<(Task, Redaction), TaskError> {
        let mut known = Known::default();
        for (alias, wanted) in wanted(&task.config)? {
            let value = match wanted {
                Wanted::Named(name) => self.credential(store, &name).await?,
                Wanted::Inline(value) => value,
            };
            let value = self.open_handles(&value, &mut known)?.unwrap_or(value);
            known.credential(&value);
            task.credentials.0.insert(alias, Arc::new(value));
        }
        if task.protocol != SECRETS {
            for part in [&mut task.config, &mut task.input] {
                if let Some(opened) = self.open_handles(part, &mut known)? {
                    *part = Arc::new(opened);
                }
            }
        }
        Ok((task, known.redaction()))
    }

    /// The value of a credential: a map.
    ///
    /// # Errors
    /// `credential_unknown`, `credential_key` …
    pub(crate) async fn credential(&self, store: &Arc<dyn Store>, name: &str) -> Result<Value, TaskError> {
        let found = store.credential(name).await.map_err(|error| {
            let problem = from_store(error);
            TaskError::new("credential_unavailable", format!("credential `{name}` cannot be read: {}", problem.detail))
        })?;
        let sealed = found.ok_or_else(|| {
            let message =
                format!("there is no credential `{name}`; store it with `signalbox credentials set {name} --type …`");
            TaskError::new("credential_unknown", message)
        })?;
        Ok(self.unseal(&sealed)?)
    }

    /// The value with its handles opened; `None` when there are none.
    fn open_handles(&self, value: &Value, known: &mut Known) -> Result<Option<Value>, TaskError> {
        if !has_handle(value) {
            return Ok(None);
        }
        let keys = self.keys()?;
        let open = |text: &str, known: &mut Known| -> Result<String, TaskError> {
            let mut opened = String::new();
            let mut rest = 0;
            let all = handle::find(&keys, text);
            if all.is_empty() && handle::may_be_in(text) {
                tracing::warn!("what looks like a secret's handle was made with no key of this server: it stays text");
            }
            for found in all {
                let secret = self.secrets.get(found.name).ok_or_else(|| {
                    let message = format!(
                        "the secret `{}` is no longer in the environment of this server (SIGNALBOX_SECRET_{})",
                        found.name, found.name
                    );
                    TaskError::new("secret_unknown", message)
                })?;
                known.secret(secret, &text[found.start..found.end]);
                opened.push_str(&text[rest..found.start]);
                opened.push_str(secret.expose_secret());
                rest = found.end;
            }
            opened.push_str(&text[rest..]);
            Ok(opened)
        };
        walk(value, &mut |text| open(text, known)).map(Some)
    }
}

enum Wanted {
    Named(String),
    Inline(Value),
}

/// What `auth` names, by alias; a name alone is its own alias.
fn wanted(config: &Value) -> Result<BTreeMap<String, Wanted>, TaskError> {
    let wrong = |found: &Value| {
        let found = match found {
            Value::String(_) => "an empty text".to_owned(),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "a map".to_owned(),
            other => format!("`{other}`"),
        };
        TaskError::new("bad_config", format!("`auth` must name a credential, or several by alias; it is {found}"))
    };
    let inline = |value: &Value| {
        let mut fields = value.get(INLINE)?.as_object()?.clone();
        if let Some(kind) = value.get("type") {
            fields.entry("type").or_insert_with(|| kind.clone());
        }
        Some(Wanted::Inline(Value::Object(fields)))
    };
    let name = |value: &Value| value.as_str().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    match config.get("auth") {
        None | Some(Value::Null) => Ok(BTreeMap::new()),
        Some(value @ Value::Object(map)) => match inline(value) {
            Some(own) => Ok([(INLINE.to_owned(), own)].into()),
            None => map
                .iter()
                .map(|(alias, value)| {
                    let wanted = name(value).map(Wanted::Named).or_else(|| inline(value));
                    Ok((alias.clone(), wanted.ok_or_else(|| wrong(value))?))
                })
                .collect(),
        },
        Some(value) => {
            let name = name(value).ok_or_else(|| wrong(value))?;
            Ok([(name.clone(), Wanted::Named(name))].into())
        }
    }
}

fn has_handle(value: &Value) -> bool {
    match value {
        Value::String(text) => handle::may_be_in(text),
        Value::Array(items) => items.iter().any(has_handle),
        Value::Object(map) => map.iter().any(|(key, value)| handle::may_be_in(key) || has_handle(value)),
        Value::Bool(_) | Value::Number(_) | Value::Null => false,
    }
}

/// The value with each text, keys included, replaced.
fn walk(value: &Value, text: &mut impl FnMut(&str) -> Result<String, TaskError>) -> Result<Value, TaskError> {
    Ok(match value {
        Value::String(string) => Value::String(text(string)?),
        Value::Array(items) => Value::Array(items.iter().map(|item| walk(item, text)).collect::<Result<_, _>>()?),
        Value::Object(map) => {
            let mut out = serde_json::Map::new();
            for (key, value) in map {
                out.insert(text(key)?, walk(value, text)?);
            }
            Value::Object(out)
        }
        other => other.clone(),
    })
}
