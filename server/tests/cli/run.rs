//! `signalbox run`

use crate::support::{BLOCKING, ECHO, FAILING, Run, Served, signal, signalbox};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Child, Stdio},
};

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, source) in [("echo.yaml", ECHO), ("failing.yaml", FAILING), ("blocking.yaml", BLOCKING)] {
        fs::write(folder.path().join(name), source).unwrap();
    }
    folder
}

/// The last line, and the types of the events before it.
#[track_caller]
fn ended(run: &Run) -> (Value, Vec<String>) {
    let mut lines = run.lines();
    let last = lines.pop().expect("a last line");
    let kinds = lines.iter().map(|event| event["type"].as_str().expect("a type").to_owned()).collect();
    (last, kinds)
}

#[test]
fn a_file_runs_embedded() {
    let folder = folder();
    let args = ["run", "echo.yaml", "--data", "data", "--input", "{\"word\": \"hi\"}", "--json"];
    let (last, kinds) = ended(&Run::of(folder.path(), args).expect(0));
    assert_eq!((&last["outcome"], &last["result"]["word"]), (&json!("completed"), &json!("hi")));
    assert!(last["execution_id"].is_string());
    assert_eq!(kinds.first().map(String::as_str), Some("execution_start"));
    assert_eq!(kinds.last().map(String::as_str), Some("execution_complete"));

    // What was run is in the store.
    let id = last["execution_id"].as_str().unwrap();
    let shown = Run::of(folder.path(), ["show", id, "--data", "data", "--json"]).expect(0);
    assert_eq!(shown.lines()[0]["result"], last["result"]);
}

#[test]
fn without_json_the_result_is_on_stdout_and_the_way_on_stderr() {
    let folder = folder();
    let run = Run::of(folder.path(), ["run", "echo.yaml", "--data", "data"]).expect(0);
    let result: Value = serde_json::from_str(&run.stdout).expect("the result alone");
    assert_eq!(result["word"], "hello");
    assert!(run.stderr.contains("say") && run.stderr.contains("completed"), "{run:?}");
    assert!(!run.stderr.contains('\u{1b}'), "no colours in a pipe: {run:?}");
}

#[test]
fn a_registered_path_runs_through_the_server() {
    let folder = folder();
    Run::of(folder.path(), ["register", "echo.yaml", "--data", "data"]).expect(0);
    let served = Served::start(folder.path(), "data");
    for target in [["--data", "data"], ["--server", &served.url]] {
        let mut args = vec!["run", "tests/echo", "--json", "--input", "@-"];
        args.extend(target);
        let (last, kinds) = ended(&Run::fed(folder.path(), args, "{\"word\": \"remote\"}").expect(0));
        assert_eq!(last["result"]["word"], "remote");
        assert_eq!(kinds.last().map(String::as_str), Some("execution_complete"));
    }
    let detail = Run::of(folder.path(), ["list", "--server", &served.url, "--json"]).expect(0);
    assert_eq!(detail.lines().len(), 2);
}

#[test]
fn a_failed_execution_is_exit_code_1_and_says_why() {
    let folder = folder();
    let run = Run::of(folder.path(), ["run", "failing.yaml", "--data", "data"]).expect(1);
    for part in ["break", "out of luck", "failed"] {
        assert!(run.stderr.contains(part), "{part} in {}", run.stderr);
    }
    let (last, kinds) = ended(&Run::of(folder.path(), ["run", "failing.yaml", "--data", "data", "--json"]).expect(1));
    assert_eq!(last["outcome"], "failed");
    assert!(last["error"]["message"].is_string() && kinds.contains(&"step_failed".to_owned()), "{last} {kinds:?}");
}

#[test]
fn bad_input_is_exit_code_2_and_names_the_place() {
    let folder = folder();
    fs::write(folder.path().join("bad.json"), "{\n  \"a\": }").unwrap();
    fs::write(folder.path().join("bad.yaml"), "workflow: 7").unwrap();
    for (args, parts) in [
        (&["run", "echo.yaml", "--input", "{word: 1}"][..], &["--input", "line 1 column 2"][..]),
        (&["run", "echo.yaml", "--input", "[1]"], &["--input", "a list", "object"]),
        (&["run", "echo.yaml", "--input", "@bad.json"], &["bad.json", "line 2 column 8"]),
        (&["run", "echo.yaml", "--input", "@none.json"], &["none.json"]),
        (&["run", "none.yaml"], &["none.yaml"]),
        (&["run", "bad.yaml"], &["bad.yaml:1:"]),
        (&["run", "no/such/path"], &["no/such/path"]),
        (&["run", "echo.yaml", "--version", "3"], &["--version"]),
        (&["run"], &["FILE|PATH"]),
        (&["run", "echo.yaml", "--inptu", "{}"], &["--inptu"]),
    ] {
        let run = Run::of(folder.path(), args).expect(2);
        for part in parts {
            assert!(run.stderr.contains(part), "{args:?}: {part} in {}", run.stderr);
        }
        assert_eq!(run.stdout, "", "{args:?}");
    }
}

/// Started with `--json`, and read up to the event of this type.
#[allow(clippy::zombie_processes)] // the caller waits for it
fn started_up_to(folder: &std::path::Path, kind: &str) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = signalbox(folder)
        .args(["run", "blocking.yaml", "--data", "data", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    loop {
        let mut line = String::new();
        assert_ne!(out.read_line(&mut line).unwrap(), 0, "it ended before {kind}");
        if serde_json::from_str::<Value>(&line).unwrap()["type"] == kind {
            return (child, out);
        }
    }
}

#[test]
fn ctrl_c_cancels_the_execution() {
    let folder = folder();
    let (mut child, mut out) = started_up_to(folder.path(), "action_started");
    signal(&child, "INT");
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let last: Value = serde_json::from_str(rest.lines().last().expect("a last line")).unwrap();
    assert_eq!(last["outcome"], "cancelled", "{rest}");
    assert!(rest.contains("\"execution_cancelled\""), "{rest}");
}

#[test]
fn a_server_started_later_goes_on_with_what_a_killed_run_left() {
    let folder = folder();
    let (mut child, _out) = started_up_to(folder.path(), "action_started");
    child.kill().unwrap();
    child.wait().unwrap();
    let served = Served::start(folder.path(), "data");
    let running = Run::of(folder.path(), ["list", "--server", &served.url, "--status", "running", "--json"]).expect(0);
    let id = running.lines()[0]["execution_id"].as_str().expect("an id").to_owned();
    Run::of(folder.path(), ["cancel", &id, "--server", &served.url]).expect(0);
}

#[test]
fn the_samples_of_the_dialect_complete() {
    let folder = folder();
    let source = "apiVersion: noetl.io/v1\nkind: Playbook\nmetadata: {name: two, path: two}\nworkflow:\n  \
                  - {step: start, next: [{step: a}, {step: b}]}\n  \
                  - {step: a, type: python, code: \"def main():\\n    return 1\", next: end}\n  \
                  - {step: b, type: python, code: \"def main():\\n    return 2\", next: end}\n  - {step: end}\n";
    fs::write(folder.path().join("two.yaml"), source).unwrap();
    let (last, kinds) = ended(&Run::of(folder.path(), ["run", "two.yaml", "--data", "data", "--json"]).expect(0));
    assert_eq!(last["outcome"], "completed");
    let count = |kind: &str| kinds.iter().filter(|seen| *seen == kind).count();
    assert_eq!((count("step_started"), count("step_completed"), count("execution_complete")), (2, 2, 1), "{kinds:?}");
    assert_eq!(kinds.last().map(String::as_str), Some("execution_complete"), "{kinds:?}");
}
