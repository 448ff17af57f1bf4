//! `signalbox terminate`

use crate::support::{BLOCKING, Run, Served};
use std::fs;

#[test]
fn a_running_execution_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("blocking.yaml"), BLOCKING).unwrap();
    let served = Served::start(folder.path(), "data");
    Run::of(folder.path(), ["register", "blocking.yaml", "--server", &served.url]).expect(0);
    let body = r#"{"path": "tests/blocking"}"#;
    let url = format!("{}/api/v1/executions", served.url);
    let submitted = std::process::Command::new("curl").args(["-sS", "--json", body, &url]).output().unwrap();
    let submitted: serde_json::Value = serde_json::from_slice(&submitted.stdout).unwrap();
    let id = submitted["execution_id"].as_str().expect("an id");
    let run = Run::of(folder.path(), ["terminate", id, "--reason", "enough", "--data", "data"]).expect(0);
    assert!(run.stdout.contains("terminated"), "{run:?}");
    let shown = Run::of(folder.path(), ["show", id, "--data", "data", "--json"]).expect(0);
    assert_eq!(shown.lines()[0]["outcome"], "cancelled", "{shown:?}");
}
