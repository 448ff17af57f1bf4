//! `signalbox rerun`, `bulk`

use crate::support::{FAILING, Run};
use std::fs;

#[test]
fn a_failed_execution_is_run_again_and_many_are() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("failing.yaml"), FAILING).unwrap();
    let on = |args: &[&str]| Run::of(folder.path(), args.iter().chain(&["--data", "data"]));
    let run = on(&["run", "failing.yaml", "--json"]).expect(1);
    let id = run.lines().pop().expect("the last line")["execution_id"].as_str().expect("an id").to_owned();
    let again = on(&["rerun", &id, "--from", "start"]).expect(0).stdout;
    let shown = on(&["show", again.trim(), "--json"]).expect(0).lines().remove(0);
    assert_eq!(shown["lineage"]["rerun"]["of"], id.as_str());
    on(&["rerun", &id, "--from", "nowhere"]).expect(2);

    let meant = on(&["bulk", "rerun", "--status", "failed", "--dry-run", "--json"]).expect(0).lines();
    assert!(meant.iter().any(|outcome| outcome["execution_id"] == id.as_str()), "{meant:?}");
    let cancelled = on(&["bulk", "cancel", "--status", "failed", "--path", "tests/failing"]).expect(1).stdout;
    assert!(cancelled.contains(&id) && cancelled.contains("not done"), "{cancelled}");
    on(&["bulk", "cancel"]).expect(2);
    let named = on(&["bulk", "rerun", "--id", &id, "--json"]).expect(0).lines();
    assert_eq!(named.len(), 1, "the one that is named, and not its rerun that failed too");
    assert_eq!(named[0]["execution_id"], id.as_str());
    on(&["bulk", "rerun", "--id", &id, "--status", "failed"]).expect(2);
}
