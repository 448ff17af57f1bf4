//! `signalbox show`

use crate::support::{FAILING, Run};
use std::fs;

#[test]
fn one_execution_with_its_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("failing.yaml"), FAILING).unwrap();
    let run = Run::of(folder.path(), ["run", "failing.yaml", "--data", "data", "--json"]).expect(1);
    let id = run.lines().pop().expect("the last line")["execution_id"].as_str().expect("an id").to_owned();
    let shown = Run::of(folder.path(), ["show", &id, "--data", "data"]).expect(0);
    for part in [id.as_str(), "✕ failed", "tests/failing", "error[", "input {}"] {
        assert!(shown.stdout.contains(part), "{part} in {}", shown.stdout);
    }
}
