//! `secrets` names secrets and never sees them.

mod support;

use protocol::TaskError;
use serde_json::{Value, json};
use std::sync::Arc;
use support::{error, result, run, task};
use tools::{Handles, SecretHandles, SecretsProvider};

struct Known;

impl SecretHandles for Known {
    fn handle(&self, name: &str) -> Result<Option<String>, TaskError> {
        match name {
            "BROKEN" => Err(TaskError::new("credential_key", "there is no key")),
            name => Ok(["A", "B"].contains(&name).then(|| format!("handle of {name}"))),
        }
    }
}

async fn secrets(config: Value) -> worker::Run {
    run(&SecretsProvider::new(Some(Handles(Arc::new(Known)))), task("secrets", config, json!({}))).await
}

#[tokio::test]
async fn names_become_handles() {
    for (config, expect) in [
        (
            json!({"name": "A"}),
            json!({"status": "success", "provider": "env", "name": "A", "value": "handle of A", "secret_value": "handle of A"}),
        ),
        (
            json!({"provider": "env", "names": ["A", "B"]}),
            json!({"status": "success", "provider": "env", "values": {"A": "handle of A", "B": "handle of B"}}),
        ),
    ] {
        assert_eq!(result(&secrets(config).await), &expect);
    }
    let with_default = secrets(json!({"secret_name": "C", "default": "none"})).await;
    assert_eq!(result(&with_default)["secret_value"], "none");
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    for (config, code, part) in [
        (
            json!({"name": "C"}),
            "secret_unknown",
            "no secret `C` for steps: the server's environment needs SIGNALBOX_SECRET_C",
        ),
        (json!({"names": ["A", "C"]}), "secret_unknown", "no secret `C`"),
        (json!({"name": "BROKEN"}), "credential_key", "there is no key"),
        (json!({}), "bad_config", "`name` is missing"),
        (json!({"name": 5}), "bad_config", "`name` must be a name or a list of names, not a number"),
        (json!({"names": [5]}), "bad_config", "`names` must be a list of names, not `5`"),
        (json!({"name": "A", "provider": "google"}), "bad_config", "`provider` is `google`; here only `env`"),
    ] {
        let ran = secrets(config.clone()).await;
        assert_eq!(error(&ran).code, code, "{config}");
        assert!(error(&ran).message.contains(part), "{}", error(&ran).message);
    }
    let none = run(&SecretsProvider::new(None), task("secrets", json!({"name": "A"}), json!({}))).await;
    assert_eq!(error(&none).code, "secret_unknown");
}
