//! `signalbox validate`

use crate::support::{ECHO, Run};
use std::fs;

#[test]
fn a_good_file_is_valid_and_nothing_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("echo.yaml"), ECHO).unwrap();
    let run = Run::of(folder.path(), ["validate", "echo.yaml"]).expect(0);
    assert!(run.stdout.contains("echo.yaml: valid"), "{run:?}");
    assert!(!folder.path().join(".local").exists());
    let json = Run::fed(folder.path(), ["validate", "-", "--json"], ECHO).expect(0);
    assert_eq!(json.lines()[0]["valid"], true);
}

#[test]
fn every_mistake_is_shown_in_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let source = "apiVersion: noetl.io/v1\nkind: Playbook\nmetadata: {name: a, path: a}\nworkflow:\n  \
                  - {step: start, next: nowhere}\n  - {step: b, type: http, next: neither}\n";
    fs::write(folder.path().join("bad.yaml"), source).unwrap();
    let run = Run::of(folder.path(), ["validate", "bad.yaml"]).expect(2);
    assert!(run.stdout.contains("not valid"), "{run:?}");
    for part in ["bad.yaml:5:", "bad.yaml:6:", "error[", "^", "nowhere", "neither"] {
        assert!(run.stderr.contains(part), "{part} in {}", run.stderr);
    }
    let json = Run::of(folder.path(), ["validate", "bad.yaml", "--json"]).expect(2);
    let lines = json.lines();
    assert_eq!((lines.len(), &lines[0]["valid"]), (1, &serde_json::json!(false)));
    assert!(lines[0]["diagnostics"].as_array().is_some_and(|list| list.len() >= 2), "{}", lines[0]);
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::of(folder.path(), ["validate", "none.yaml"]).expect(2);
    assert!(run.stderr.contains("none.yaml"), "{run:?}");
}
