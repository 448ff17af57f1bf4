//! `signalbox cancel`

use crate::support::{ECHO, Run};
use std::fs;

#[test]
fn what_has_ended_cannot_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("echo.yaml"), ECHO).unwrap();
    let run = Run::of(folder.path(), ["run", "echo.yaml", "--data", "data", "--json"]).expect(0);
    let id = run.lines().pop().expect("the last line")["execution_id"].as_str().expect("an id").to_owned();
    let cancelled = Run::of(folder.path(), ["cancel", &id, "--data", "data"]).expect(2);
    assert!(cancelled.stderr.contains(&id), "{cancelled:?}");
    let nothing = "01998c4e-9c1b-7d2e-8a10-0123456789ab";
    let run = Run::of(folder.path(), ["cancel", nothing, "--data", "data"]).expect(2);
    assert!(run.stderr.contains(nothing), "{run:?}");
}
