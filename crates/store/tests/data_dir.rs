//! The data folder belongs to one process, and tells others where that one serves.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};
use store::{DataDir, StoreError};

/// Set for the child process: the folder to hold.
const FOLDER: &str = "SIGNALBOX_TEST_FOLDER";

#[test]
fn a_second_taker_is_told_where_the_first_serves() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let folder = parent.path().join("new/data");
    assert_eq!(DataDir::server_url(&folder), None);
    let held = DataDir::lock(&folder).expect("the folder is free");
    assert_eq!(held.path(), folder);
    assert_eq!(locked(&folder), None);
    assert_eq!(DataDir::server_url(&folder), None);
    held.announce("http://127.0.0.1:1").expect("announcing");
    held.announce("http://127.0.0.1:9999").expect("announcing again");
    assert_eq!(locked(&folder).as_deref(), Some("http://127.0.0.1:9999"));
    assert_eq!(DataDir::server_url(&folder).as_deref(), Some("http://127.0.0.1:9999"));
    drop(held);
    assert_eq!(DataDir::server_url(&folder), None);
    let again = DataDir::lock(&folder).expect("the folder is free again");
    assert_eq!(DataDir::server_url(&folder), None);
    drop(again);
}

#[test]
fn a_killed_holder_holds_nothing_and_its_url_is_not_believed() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let folder = parent.path().join("data");
    let mut child = holder(&folder);
    assert_eq!(DataDir::server_url(&folder).as_deref(), Some("http://child"));
    assert_eq!(locked(&folder).as_deref(), Some("http://child"));
    child.kill().expect("SIGKILL");
    child.wait().expect("the child has ended");
    assert_eq!(DataDir::server_url(&folder), None);
    let held = DataDir::lock(&folder).expect("nobody holds it");
    assert_eq!(locked(&folder), None, "the dead server's URL is gone");
    drop(held);
}

#[test]
fn looking_for_a_server_does_not_pass_for_one() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let folder = parent.path().join("data");
    let mut child = holder(&folder);
    child.kill().expect("SIGKILL");
    child.wait().expect("the child has ended");
    std::thread::scope(|scope| {
        let looking = scope.spawn(|| (0..2_000).filter_map(|_| DataDir::server_url(&folder)).count());
        for _ in 0..50 {
            drop(DataDir::lock(&folder).expect("nobody but the looker opens it"));
        }
        assert_eq!(looking.join().expect("no panic"), 0);
    });
}

#[cfg(unix)]
#[test]
fn a_new_folder_is_private_and_one_that_cannot_be_made_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().expect("a temporary folder");
    let folder = parent.path().join("data");
    let held = DataDir::lock(&folder).expect("the folder is free");
    let mode = std::fs::metadata(&folder).expect("it exists").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    drop(held);
    let file = parent.path().join("file");
    std::fs::write(&file, "").expect("a file");
    match DataDir::lock(&file) {
        Err(StoreError::Backend { message, temporary: false }) => {
            assert!(message.contains(&file.display().to_string()), "{message}");
        }
        other => panic!("expected an error naming the file, got {other:?}"),
    }
}

/// Not a test: what `holder` starts. Holds the folder until it is killed.
#[test]
#[ignore = "a child process of the other tests"]
fn child() {
    let folder = std::env::var(FOLDER).expect("started by another test");
    let held = DataDir::lock(Path::new(&folder)).expect("the folder is free");
    held.announce("http://child").expect("announcing");
    println!("holding");
    std::io::stdout().flush().expect("the parent listens");
    // Until the parent kills this process or goes away.
    let _ = std::io::stdin().read_line(&mut String::new());
}

fn holder(folder: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this binary starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    assert!(lines.any(|line| line.expect("text").contains("holding")), "the child did not get the folder");
    child
}

/// The URL named by the error of a taker who comes too late.
fn locked(folder: &Path) -> Option<String> {
    match DataDir::lock(folder) {
        Err(StoreError::Locked { path, url }) => {
            assert_eq!(path, folder.display().to_string());
            url
        }
        other => panic!("expected the folder to be in use, got {other:?}"),
    }
}

#[test]
fn a_folder_keeps_its_name_and_no_two_have_the_same() {
    let (one, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let name = |path| DataDir::lock(path).expect("nobody else has it").name().expect("a name");
    let first = name(one.path());
    assert_eq!(first, name(one.path()));
    assert_ne!(first, name(other.path()));
    std::fs::write(one.path().join("name"), "").expect("our folder");
    assert_eq!(name(one.path()).len(), 8, "a name that was lost is drawn anew");
}
