//! Starting executions.

use super::{Api, from_store, playbooks::hash};
use crate::{admission::Entry, driver::Message};
use engine::{Input, Reuse};
use protocol::{
    Action, ExecutionId, Problem,
    api::{SubmitRequest, Submitted},
    blob::BlobRef,
    event::{Origin, Rerun},
};
use serde_json::Value;
use std::sync::Arc;

/// Largest input, bytes of its JSON.
const INPUT_BYTES: usize = 1024 * 1024;
/// Bytes of a key.
const KEY_BYTES: usize = 512;
/// Highest and lowest priority, as in playbooks.
const PRIORITY: std::ops::RangeInclusive<i32> = -100..=100;

/// An execution that is to start.
pub(super) struct Beginning {
    pub(super) path: String,
    pub(super) version: Option<u32>,
    /// As [`checked_input`] lets it through.
    pub(super) input: Arc<Value>,
    pub(super) idempotency_key: Option<String>,
    pub(super) priority: Option<i32>,
    pub(super) trigger: Option<String>,
    pub(super) rerun: Option<(Rerun, Arc<Reuse>)>,
}

impl Api {
    /// Starts an execution; it is durable when this returns. With a key that was used before, nothing is started:
    /// the answer is the execution it was used for.
    ///
    /// # Errors
    /// 404 for an unknown playbook, 422 `input_invalid`, 409 `idempotency_conflict` when the key was used for
    /// something else, 429 `queue_full` when too many wait, 503 when the store cannot take it.
    pub async fn submit(&self, request: SubmitRequest) -> Result<Submitted, Problem> {
        self.require(Action::Run)?;
        self.start(request, None).await
    }

    /// As [`Api::submit`], telling what started it when no person or program did by itself.
    pub(crate) async fn start(&self, request: SubmitRequest, trigger: Option<String>) -> Result<Submitted, Problem> {
        let SubmitRequest { path, version, input, idempotency_key, priority } = request;
        let input = Arc::new(checked_input(input)?);
        self.begin(Beginning { path, version, input, idempotency_key, priority, trigger, rerun: None }).await
    }

    /// What every start comes to.
    pub(super) async fn begin(&self, beginning: Beginning) -> Result<Submitted, Problem> {
        let Beginning { path, version, input, idempotency_key, priority, trigger, rerun } = beginning;
        if let Some(key) = &idempotency_key {
            check_key(key)?;
            if let Some(earlier) = self.submitted_with(key).await? {
                let rerun = rerun.as_ref().map(|(rerun, _)| rerun);
                return self.same(earlier, key, &path, version, &input, rerun).await;
            }
        }
        if let Some(priority) = priority.filter(|priority| !PRIORITY.contains(priority)) {
            let detail = format!("`priority` is {priority}; it can be {} to {}", PRIORITY.start(), PRIORITY.end());
            return Err(invalid_input(detail));
        }
        let entry = self.shared.catalog.entry(&path, version).await?;
        let id = ExecutionId(self.shared.environment.id());
        let (rerun, reuse) = rerun.unzip();
        let origin = Origin {
            trigger,
            rerun: rerun.clone(),
            priority: priority.unwrap_or_else(|| entry.playbook.priority()),
            idempotency_key: idempotency_key.clone(),
            ..Origin::default()
        };
        let (path, version_run) = (entry.row.path.clone(), entry.row.version);
        let place = self.enter(&entry.playbook, id, &input).await?;
        let first = match &place {
            Entry::Wait { reason, lane, .. } => Input::Queue {
                path: path.clone(),
                version: version_run,
                input: input.clone(),
                origin,
                reason: (*reason).to_owned(),
                key: Some(lane.clone()),
            },
            Entry::Free | Entry::In => {
                Input::Start { path: path.clone(), version: version_run, input: input.clone(), origin, reuse }
            }
        };
        let told = self.shared.driver.ask(|reply| Message::Submit { id, entry, first, reply }).await;
        match place {
            // Its place may have become free between the look and now.
            Entry::Wait { lane, .. } => self.shared.gate.poke(lane),
            Entry::In if told.is_err() => self.leave(id).await?,
            Entry::In | Entry::Free => {}
        }
        match told {
            Ok(()) => Ok(Submitted { execution_id: id, created: true }),
            // Somebody else came first, between the look and the commit.
            Err(problem) if problem.code == ALREADY_SUBMITTED => {
                let key = idempotency_key.unwrap_or_default();
                let Some(earlier) = self.submitted_with(&key).await? else { return Err(problem) };
                self.same(earlier, &key, &path, version, &input, rerun.as_ref()).await
            }
            Err(problem) => Err(problem),
        }
    }

    async fn submitted_with(&self, key: &str) -> Result<Option<ExecutionId>, Problem> {
        self.shared.store.submission(key).await.map_err(from_store)
    }

    /// The answer to a submission whose key was used before: the same, if it asks for the same.
    async fn same(
        &self,
        earlier: ExecutionId,
        key: &str,
        path: &str,
        version: Option<u32>,
        input: &Value,
        rerun: Option<&Rerun>,
    ) -> Result<Submitted, Problem> {
        let detail = self.execution(earlier).await?;
        let differs = if detail.summary.path != path {
            "playbook"
        } else if version.is_some_and(|version| detail.summary.version != Some(version)) {
            "version"
        } else if !is_same(&detail.input, input) {
            "input"
        } else if detail.lineage.as_ref().and_then(|lineage| lineage.rerun.as_ref()) != rerun {
            "execution to run again, or step to begin at"
        } else {
            return Ok(Submitted { execution_id: earlier, created: false });
        };
        let message = format!(
            "the key `{key}` was used for execution `{earlier}`, with another {differs}; use a new key for another \
             submission"
        );
        Err(Problem::new(409, "idempotency_conflict", "Key used before", message))
    }
}

/// The code of the store's answer to a key that is taken.
pub(super) const ALREADY_SUBMITTED: &str = "already_submitted";

/// An input as it is kept: an object, not too large.
pub(super) fn checked_input(input: Option<Value>) -> Result<Value, Problem> {
    let input = match input {
        None | Some(Value::Null) => Value::Object(serde_json::Map::new()),
        Some(input @ Value::Object(_)) => input,
        Some(other) => {
            let found = match other {
                Value::Array(_) => "a list",
                Value::String(_) => "a string",
                Value::Number(_) => "a number",
                _ => "a boolean",
            };
            return Err(invalid_input(format!(
                "`input` is {found}; give an object such as {{\"file\": \"/var/log/syslog\"}}, \
                 which is merged over the playbook's workload"
            )));
        }
    };
    let bytes = input.to_string().len();
    if bytes > INPUT_BYTES {
        return Err(invalid_input(format!(
            "`input` has {bytes} bytes, the limit is {INPUT_BYTES}; put large data into a file and pass its path"
        )));
    }
    Ok(input)
}

/// A large input is kept beside the execution: what is seen of it is a reference, by its hash.
fn is_same(kept: &Value, input: &Value) -> bool {
    match BlobRef::of(kept) {
        Some(reference) => reference.id == hash(&input.to_string()),
        None => kept == input,
    }
}

fn check_key(key: &str) -> Result<(), Problem> {
    let wrong = if key.trim().is_empty() {
        "it is empty".to_owned()
    } else if key.len() > KEY_BYTES {
        format!("it has {} bytes, the limit is {KEY_BYTES}", key.len())
    } else if key.chars().any(char::is_control) {
        "it has control characters".to_owned()
    } else {
        return Ok(());
    };
    Err(Problem::new(
        422,
        "idempotency_key_invalid",
        "Key invalid",
        format!("the idempotency key cannot be used: {wrong}"),
    ))
}

fn invalid_input(detail: String) -> Problem {
    Problem::new(422, "input_invalid", "Input invalid", detail)
}
