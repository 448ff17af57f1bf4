//! `noop` returns its input.

mod support;

use serde_json::json;
use tools::NoopProvider;
use worker::Provider;

#[tokio::test]
async fn noop_returns_its_input() {
    for input in [json!(null), json!({"a": [1, {"status": "error"}]}), json!("text")] {
        let run = support::run(&NoopProvider, support::task("noop", json!({"odd": true}), input.clone())).await;
        assert_eq!(support::result(&run), &input);
    }
    assert_eq!(NoopProvider.protocols(), ["noop"]);
    assert!(NoopProvider.concurrency() >= 1000);
}

#[tokio::test]
async fn every_builtin_protocol_is_offered_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let providers = tools::builtin(support::config(folder.path()));
    let mut protocols: Vec<_> = providers.iter().flat_map(|provider| provider.protocols().to_vec()).collect();
    protocols.sort_unstable();
    assert_eq!(protocols, ["http", "noop", "postgres", "python", "secrets", "sqlite"]);
    assert!(providers.iter().all(|provider| provider.concurrency() > 0));
}
