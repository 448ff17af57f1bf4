//! `signalbox backup`, `restore`, `rebuild` and `prune`

use crate::support::{ECHO, Run, Served};
use serde_json::Value;
use std::{fs, path::Path};

fn ids(folder: &Path, data: &str) -> Vec<Value> {
    let listed = Run::of(folder, ["list", "--json", "--data", data]).expect(0);
    listed.lines().iter().map(|row| row["execution_id"].clone()).collect()
}

fn some_runs(folder: &Path, count: usize) {
    fs::write(folder.join("echo.yaml"), ECHO).unwrap();
    for _ in 0..count {
        Run::of(folder, ["run", "echo.yaml", "--data", "data"]).expect(0);
    }
}

#[test]
fn a_copy_of_a_running_server_makes_another() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    some_runs(folder, 2);
    let before = ids(folder, "data");
    let served = Served::start(folder, "data");
    let told = Run::of(folder, ["backup", "copy.ndjson", "--data", "data"]).expect(0);
    assert!(told.stdout.contains("copy.ndjson"), "{told:?}");
    drop(served);
    let again = Run::of(folder, ["backup", "copy.ndjson", "--data", "data"]).expect(2);
    assert!(again.stderr.contains("is there already"), "{again:?}");

    Run::of(folder, ["restore", "copy.ndjson", "--data", "other"]).expect(0);
    assert_eq!(ids(folder, "other"), before);
    let shown = |data: &str| Run::of(folder, ["show", before[0].as_str().unwrap(), "--json", "--data", data]).expect(0);
    assert_eq!(shown("other").stdout, shown("data").stdout);
    Run::of(folder, ["run", "echo.yaml", "--data", "other"]).expect(0);
    assert_eq!(ids(folder, "other").len(), 3);
    let full = Run::of(folder, ["restore", "copy.ndjson", "--data", "other"]).expect(1);
    assert!(full.stderr.contains("not empty"), "{full:?}");

    // Through a pipe.
    let piped = Run::of(folder, ["backup", "-", "--data", "data"]).expect(0);
    Run::fed(folder, ["restore", "-", "--data", "third"], &piped.stdout).expect(0);
    assert_eq!(ids(folder, "third"), before);
}

#[test]
fn half_a_copy_is_refused_and_what_it_became_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    some_runs(folder, 1);
    Run::of(folder, ["backup", "copy.ndjson", "--data", "data"]).expect(0);
    let copy = fs::read_to_string(folder.join("copy.ndjson")).unwrap();
    fs::write(folder.join("half.ndjson"), &copy[..copy.len() / 2]).unwrap();
    let half = Run::of(folder, ["restore", "half.ndjson", "--data", "other"]).expect(1);
    assert_eq!(half.stderr.lines().count(), 1, "{half:?}");
    let used = Run::of(folder, ["list", "--data", "other"]).expect(1);
    assert!(used.stderr.contains("did not come to its end"), "{used:?}");
    let none = Run::of(folder, ["restore", "none.ndjson", "--data", "third"]).expect(2);
    assert!(none.stderr.contains("none.ndjson"), "{none:?}");
    let nothing = Run::of(folder, ["backup", "new.ndjson", "--data", "nowhere"]).expect(1);
    assert!(nothing.stderr.contains("there is no store"), "{nothing:?}");
    assert!(!folder.join("new.ndjson.part").exists());
}

#[test]
fn old_executions_are_pruned_and_the_rest_is_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    some_runs(folder, 3);
    let before = ids(folder, "data");
    let kept = Run::of(folder, ["prune", "--days", "1", "--data", "data"]).expect(0);
    assert!(kept.stdout.starts_with("0 executions"), "{kept:?}");
    let gone = Run::of(folder, ["prune", "--days", "0", "--data", "data"]).expect(0);
    assert!(gone.stdout.starts_with("2 executions"), "{gone:?}");
    assert_eq!(ids(folder, "data"), before[..1], "the newest event stays");
    let rebuilt = Run::of(folder, ["rebuild", "--data", "data"]).expect(0);
    assert!(rebuilt.stdout.starts_with("1 executions"), "{rebuilt:?}");
    assert_eq!(ids(folder, "data"), before[..1]);

    let served = Served::start(folder, "data");
    for command in [&["rebuild"][..], &["prune", "--days", "0"], &["restore", "echo.yaml"]] {
        let args = command.iter().chain(&["--data", "data"]);
        let taken = Run::of(folder, args).expect(1);
        assert!(taken.stderr.contains(&served.url) && taken.stderr.contains("stop it first"), "{taken:?}");
    }
}
