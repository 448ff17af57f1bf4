//! `signalbox list`

use crate::support::{ECHO, FAILING, Run};
use std::fs;

#[test]
fn newest_first_and_filtered() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("echo.yaml"), ECHO).unwrap();
    fs::write(folder.path().join("failing.yaml"), FAILING).unwrap();
    Run::of(folder.path(), ["run", "echo.yaml", "--data", "data"]).expect(0);
    Run::of(folder.path(), ["run", "failing.yaml", "--data", "data"]).expect(1);
    let all = Run::of(folder.path(), ["list", "--data", "data", "--json"]).expect(0).lines();
    let paths: Vec<_> = all.iter().map(|row| row["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["tests/failing", "tests/echo"]);
    let failed = Run::of(folder.path(), ["list", "--data", "data", "--status", "failed"]).expect(0);
    assert!(failed.stdout.contains("✕ failed") && !failed.stdout.contains("tests/echo"), "{failed:?}");
    let wrong = Run::of(folder.path(), ["list", "--data", "data", "--status", "sideways"]).expect(2);
    assert!(wrong.stderr.contains("sideways"), "{wrong:?}");
}
