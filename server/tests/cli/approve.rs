//! `signalbox signal`, `approvals`, `approve`, `pause`, `resume`

use crate::support::{Run, Served, WAITING};
use serde_json::Value;
use std::{fs, process::Command};

#[test]
fn an_execution_is_signalled_paused_resumed_and_approved() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("waiting.yaml"), WAITING).unwrap();
    let served = Served::start(folder.path(), "data");
    let on = |args: &[&str]| Run::of(folder.path(), args.iter().chain(&["--server", &served.url]));
    on(&["register", "waiting.yaml"]).expect(0);
    let submit = || {
        let url = format!("{}/api/v1/executions", served.url);
        let sent = Command::new("curl").args(["-sS", "--json", r#"{"path": "tests/waiting"}"#, &url]).output().unwrap();
        let sent: Value = serde_json::from_slice(&sent.stdout).unwrap();
        sent["execution_id"].as_str().expect("an id").to_owned()
    };
    let (id, other) = (submit(), submit());
    on(&["pause", &id, "--reason", "lunch"]).expect(0);
    on(&["pause", &id]).expect(2);
    on(&["resume", &id]).expect(0);
    for id in [&id, &other] {
        on(&["signal", id, "paid", "--with", r#"{"amount": 3}"#]).expect(0);
    }
    let wrong = on(&["signal", &id, "payed"]).expect(2);
    assert!(wrong.stderr.contains("paid"), "{wrong:?}");
    let list = on(&["approvals"]).expect(0).stdout;
    assert!(list.contains(&id) && list.contains("Refund 3?"), "{list}");
    let missing = on(&["approve", &id, "ask", "--with", "{}"]).expect(2);
    assert!(missing.stderr.contains("amount"), "{missing:?}");
    on(&["approve", &id, "ask", "--with", r#"{"amount": 3}"#]).expect(0);
    on(&["approve", &other, "ask", "--reject"]).expect(0);
    for (id, approved) in [(&id, true), (&other, false)] {
        let shown = on(&["show", id, "--json"]).expect(0).lines().remove(0);
        assert_eq!(shown["result"]["approved"], approved, "{shown}");
    }
    assert_eq!(on(&["approvals", "--json"]).expect(0).lines(), Vec::<Value>::new());
}
