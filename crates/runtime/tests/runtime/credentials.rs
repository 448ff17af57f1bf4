//! Credentials and secrets reach the task that names them, and nothing else.

use crate::support::{Arrived, Bench, playbook};
use protocol::{ExecutionId, TaskError, api::SetCredential, task::Logs};
use runtime::{
    Api, Membership, SystemEnvironment,
    credentials::{KeySource, Vault},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path, sync::Arc};
use store::sqlite::SqliteStore;
use tempfile::TempDir;
use worker::Run;

const STEP: &str = "
  - {step: start, type: python, code: 'x', auth: '{{ workload.auth }}', args: {pass: '{{ workload.pass }}'}, next: end}
  - {step: end, result: '{{ start }}'}
";

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn vault(&self, key: &str, secrets: &[(&str, &str)]) -> Vault {
        let secrets: BTreeMap<_, _> =
            secrets.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        Vault::new(KeySource::Own(self.path(key)), secrets)
    }

    async fn bench(&self, vault: Vault) -> Bench {
        std::fs::create_dir_all(self.path("data")).expect("a folder");
        let store = SqliteStore::open(&self.path("data/signalbox.db")).await.expect("opens");
        let environment = Arc::new(SystemEnvironment::default());
        Bench::with_vault(store, "server", 4, Membership::Alone, environment, vault).await
    }
}

async fn set(api: &Api, name: &str, kind: &str, value: Value) {
    let request = SetCredential { kind: kind.into(), value, hint: None };
    api.set_credential(name, request).await.expect("it is stored");
}

async fn run(bench: &Bench, auth: Value, pass: Value) -> ExecutionId {
    bench.submit(&playbook("one", STEP), json!({"auth": auth, "pass": pass})).await
}

/// The error the execution failed with.
async fn failure(bench: &Bench, id: ExecutionId) -> TaskError {
    bench.ended(id).await;
    bench.runtime.api().execution(id).await.expect("it exists").summary.error.expect("it failed")
}

/// Files below a folder that have the text in them.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if std::fs::read(&path).expect("readable").windows(text.len()).any(|bytes| bytes == text.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn a_task_gets_its_credentials_and_nothing_keeps_them() {
    let place = Place::new();
    let bench = place.bench(place.vault("a.key", &[])).await;
    let api = bench.runtime.api();
    set(&api, "pg", "postgres", json!({"host": "db.test", "password": "open-sesame"})).await;
    set(&api, "hub", "bearer", json!({"token": "second-sesame"})).await;
    let id = run(&bench, json!({"source": "pg", "target": "hub"}), json!(null)).await;
    let arrived: Arrived = bench.arrival().await;
    let given = arrived.task.credentials.0.clone();
    assert_eq!(*given["source"], json!({"type": "postgres", "host": "db.test", "password": "open-sesame"}));
    assert_eq!(*given["target"], json!({"type": "bearer", "token": "second-sesame"}));
    assert!(!format!("{:?}", arrived.task).contains("sesame"), "not in what is logged either");
    let logs = Logs { stdout: "login with open-sesame at db.test".into(), ..Logs::default() };
    arrived.end(Run::completed(json!({"echo": "Bearer second-sesame", "host": "db.test"})).with_logs(logs));
    bench.ended(id).await;
    let result = api.execution(id).await.expect("it exists").result.expect("a result");
    assert_eq!((&result["echo"], &result["host"]), (&json!("Bearer ***"), &json!("db.test")));

    // One that fails tells nothing either.
    let id = run(&bench, json!("pg"), json!(null)).await;
    let arrived = bench.arrival().await;
    assert_eq!(arrived.task.credentials.0.keys().collect::<Vec<_>>(), ["pg"]);
    arrived.end(Run::failed(TaskError::new("x", "no open-sesame").with_details("open-sesame")));
    let error = failure(&bench, id).await;
    assert_eq!((error.message.contains("no ***"), error.details.as_deref()), (true, Some("***")), "{error:?}");
    bench.runtime.shutdown().await;
    assert_eq!(files_with(place.folder.path(), "sesame"), [] as [String; 0]);
    assert_ne!(files_with(place.folder.path(), "db.test"), [] as [String; 0], "the search finds what is there");
}

#[tokio::test]
async fn what_cannot_be_opened_fails_the_step_and_says_why() {
    let place = Place::new();
    let bench = place.bench(place.vault("a.key", &[])).await;
    set(&bench.runtime.api(), "pg", "generic", json!({"a": "open-sesame"})).await;
    let mut moved = bench.store.credential("pg").await.expect("readable").expect("there");
    moved.name = "moved".into();
    bench.store.put_credential(moved, protocol::Timestamp(0)).await.expect("a write");
    for (auth, code, part) in [
        (json!("none"), "credential_unknown", "signalbox credentials set none"),
        (json!({"a": "pg", "b": "none"}), "credential_unknown", "`none`"),
        (json!("moved"), "credential_damaged", "`moved` does not open"),
        (json!(["pg"]), "bad_config", "it is a list"),
        (json!({"a": 5}), "bad_config", "it is `5`"),
        (json!(""), "bad_config", "an empty text"),
    ] {
        let id = run(&bench, auth.clone(), json!(null)).await;
        let error = failure(&bench, id).await;
        assert_eq!(error.code, code, "{auth}: {error:?}");
        assert!(error.message.contains(part), "{error:?}");
    }
    bench.runtime.shutdown().await;

    let bench = place.bench(place.vault("other.key", &[])).await;
    let id = run(&bench, json!("pg"), json!(null)).await;
    let error = failure(&bench, id).await;
    assert_eq!(error.code, "credential_foreign_key", "{error:?}");
    assert!(error.message.contains("other.key"), "{error:?}");
    let listed = bench.runtime.api().credentials().await.expect("a list");
    assert!(listed.iter().all(|credential| !credential.has_key), "{listed:?}");
    bench.runtime.shutdown().await;
}

#[tokio::test]
async fn handles_are_opened_for_tasks_and_stand_for_the_secret_elsewhere() {
    let place = Place::new();
    let vault = place.vault("a.key", &[("TOKEN", "open-sesame"), ("GONE", "old-sesame")]);
    let handle = vault.handle("SIGNALBOX_SECRET_TOKEN").expect("a key").expect("there is one");
    let gone = vault.handle("GONE").expect("a key").expect("there is one");
    assert_eq!(vault.handle("OTHER").expect("a key"), None);
    let bench = place.bench(vault).await;
    let forged = handle.replace("TOKEN", "GONE");
    let id = run(&bench, json!(null), json!({"key": [format!("Bearer {handle}!")], "forged": forged})).await;
    let arrived = bench.arrival().await;
    let pass = &arrived.task.input["pass"];
    assert_eq!(*pass, json!({"key": ["Bearer open-sesame!"], "forged": forged}));
    arrived.complete(json!({"echo": "open-sesame", "coded": "b3Blbi1zZXNhbWU="}));
    bench.ended(id).await;
    let api = bench.runtime.api();
    let result = api.execution(id).await.expect("it exists").result.expect("a result");
    assert_eq!(result["echo"], json!(handle), "the handle is put back");
    assert_eq!(result["coded"], json!(handle), "in other spellings, too");
    bench.runtime.shutdown().await;

    // After a restart with another environment: what is there opens, what is gone is named.
    let bench = place.bench(place.vault("a.key", &[("TOKEN", "open-sesame")])).await;
    let id = run(&bench, json!(null), json!(gone)).await;
    let error = failure(&bench, id).await;
    assert_eq!(error.code, "secret_unknown", "{error:?}");
    assert!(error.message.contains("`GONE`"), "{error:?}");
    bench.runtime.shutdown().await;
    assert_eq!(files_with(place.folder.path(), "sesame"), [] as [String; 0]);
}

#[tokio::test]
async fn a_rotation_changes_the_key_and_nothing_else() {
    let place = Place::new();
    let vault = place.vault("a.key", &[("TOKEN", "open-sesame")]);
    let handle = vault.handle("TOKEN").expect("a key").expect("there is one");
    let bench = place.bench(vault).await;
    let api = bench.runtime.api();
    for name in ["a", "b", "c"] {
        set(&api, name, "generic", json!({"of": format!("sesame-{name}")})).await;
    }
    let before = api.credentials().await.expect("a list");
    let first = api.rotate_credentials().await.expect("rotated");
    assert_eq!(first.resealed, 3);
    let after = api.credentials().await.expect("a list");
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((&after.key_id, after.has_key), (&first.key_id, true));
        assert_eq!((&before.name, before.updated_at), (&after.name, after.updated_at), "their values did not change");
        assert_ne!(before.key_id, after.key_id);
    }
    bench.runtime.shutdown().await;

    // Another process has only the file and the store: all opens, an earlier handle as well.
    let bench = place.bench(place.vault("a.key", &[("TOKEN", "open-sesame")])).await;
    for name in ["a", "b", "c"] {
        run(&bench, json!(name), json!(handle)).await;
        let arrived = bench.arrival().await;
        assert_eq!(arrived.task.credentials.0[name]["of"], json!(format!("sesame-{name}")));
        assert_eq!(arrived.task.input["pass"], json!("open-sesame"));
        arrived.complete(json!({}));
    }
    // A key two rotations old is gone.
    let api = bench.runtime.api();
    let keys = || std::fs::read_to_string(place.path("a.key")).expect("the file").lines().count();
    let lines = keys();
    api.rotate_credentials().await.expect("rotated");
    assert_eq!(keys(), lines);
    bench.runtime.shutdown().await;
}

#[tokio::test]
async fn wrong_credentials_are_refused_without_repeating_them() {
    let place = Place::new();
    let bench = place.bench(place.vault("a.key", &[])).await;
    let api = bench.runtime.api();
    let long = "x".repeat(70_000);
    for (name, kind, value, part) in [
        ("", "generic", json!({"a": "sesame"}), "name"),
        ("../a", "generic", json!({"a": "sesame"}), "name"),
        ("a b", "generic", json!({"a": "sesame"}), "name"),
        ("a", "", json!({"a": "sesame"}), "`type`"),
        ("a", "Post Gres", json!({"a": "sesame"}), "`type`"),
        ("a", "generic", json!("sesame"), "must be an object"),
        ("a", "generic", json!({}), "no fields"),
        ("a", "bearer", json!({"type": "sesame", "token": "t"}), "another `type`"),
        ("a", "generic", json!({"a": long}), "the limit is"),
    ] {
        let request = SetCredential { kind: kind.into(), value, hint: None };
        let problem = api.set_credential(name, request).await.expect_err("refused");
        assert_eq!((problem.status, problem.code.as_str()), (422, "credential_invalid"));
        assert!(problem.detail.contains(part) && !problem.detail.contains("sesame"), "{problem}");
    }
    assert_eq!(api.credentials().await.expect("a list"), []);
    assert!(!place.path("a.key").exists(), "nothing needed a key");
    assert_eq!(api.delete_credential("a").await.expect_err("there is none").status, 404);
    bench.runtime.shutdown().await;
}
