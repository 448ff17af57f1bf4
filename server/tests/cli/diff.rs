//! `signalbox diff`

use crate::support::{ECHO, Run, Served, echo_at};
use std::fs;

#[test]
fn a_unified_diff_the_same_from_the_store_and_from_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let register = |source: &str| {
        fs::write(folder.path().join("echo.yaml"), source).unwrap();
        Run::of(folder.path(), ["register", "echo.yaml", "--data", "data"]).expect(0);
    };
    register(ECHO);
    let none = Run::of(folder.path(), ["diff", "tests/echo", "--data", "data"]).expect(0);
    assert_eq!(none.stdout, "");
    register(&echo_at("tests/echo", "second"));
    let diff = Run::of(folder.path(), ["diff", "tests/echo", "--data", "data"]).expect(0);
    assert!(diff.stdout.starts_with("--- tests/echo version 1\n+++ tests/echo version 2\n@@ -"), "{diff:?}");
    assert!(diff.stdout.lines().any(|line| line.starts_with('+') && line.contains("second")), "{diff:?}");
    let served = Served::start(folder.path(), "data");
    let remote = Run::of(folder.path(), ["diff", "tests/echo", "--server", &served.url]).expect(0);
    assert_eq!(remote.stdout, diff.stdout);
    Run::of(folder.path(), ["diff", "no/such", "--server", &served.url]).expect(2);
}
