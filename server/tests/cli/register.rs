//! `signalbox register`

use crate::support::{ECHO, Run, Served};
use std::fs;

#[test]
fn embedded_and_through_the_server_it_is_the_same_store() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("echo.yaml"), ECHO).unwrap();
    let first = Run::of(folder.path(), ["register", "echo.yaml", "--data", "data"]).expect(0);
    assert_eq!(first.stdout, "tests/echo version 1 registered\n");
    let served = Served::start(folder.path(), "data");
    // Found by its lock on the folder.
    let again = Run::of(folder.path(), ["register", "echo.yaml", "--data", "data"]).expect(0);
    assert_eq!(again.stdout, "tests/echo version 1 unchanged\n");
    // Named.
    let json = Run::of(folder.path(), ["register", "echo.yaml", "--server", &served.url, "--json"]).expect(0);
    assert_eq!((&json.lines()[0]["path"], &json.lines()[0]["version"]), (&"tests/echo".into(), &1.into()));
}

#[test]
fn a_wrong_file_is_shown_the_same_way_from_both() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.yaml"), "workflow: [\n  - {step: start").unwrap();
    let embedded = Run::of(folder.path(), ["register", "bad.yaml", "--data", "data"]).expect(2);
    assert!(embedded.stderr.contains("bad.yaml:") && embedded.stderr.contains('^'), "{embedded:?}");
    let _served = Served::start(folder.path(), "data");
    let remote = Run::of(folder.path(), ["register", "bad.yaml", "--data", "data"]).expect(2);
    assert_eq!(remote.stderr, embedded.stderr);
}

#[test]
fn an_unreachable_server_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("echo.yaml"), ECHO).unwrap();
    // A port that was free a moment ago: nobody listens there now.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let run = Run::of(folder.path(), ["register", "echo.yaml", "--server", &url]).expect(1);
    assert!(run.stderr.contains(&url) && run.stderr.lines().count() == 1, "{run:?}");
    let run = Run::of(folder.path(), ["register", "echo.yaml", "--server", "localhost"]).expect(2);
    assert!(run.stderr.contains("`localhost`"), "{run:?}");
}
