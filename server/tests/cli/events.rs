//! `signalbox events`

use crate::support::{BLOCKING, ECHO, Run, Served, signalbox};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::Stdio,
};

#[test]
fn history_as_lines_of_json_and_as_a_table() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("echo.yaml"), ECHO).unwrap();
    let run = Run::of(folder.path(), ["run", "echo.yaml", "--data", "data", "--json"]).expect(0);
    let mut lines = run.lines();
    let id = lines.pop().expect("the last line")["execution_id"].as_str().expect("an id").to_owned();

    let history = Run::of(folder.path(), ["events", &id, "--data", "data", "--json"]).expect(0);
    assert_eq!(history.lines(), lines, "what was shown live is what is kept");
    let served = Served::start(folder.path(), "data");
    let remote = Run::of(folder.path(), ["events", &id, "--server", &served.url, "--json", "--follow"]).expect(0);
    assert_eq!(remote.lines(), lines);

    let table = Run::of(folder.path(), ["events", &id, "--data", "data"]).expect(0);
    assert_eq!(table.stdout.lines().count(), lines.len());
    assert!(table.stdout.contains("step_completed") && table.stdout.contains("say"), "{table:?}");
}

#[test]
fn follow_ends_with_the_execution() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("blocking.yaml"), BLOCKING).unwrap();
    let served = Served::start(folder.path(), "data");
    let mut running = signalbox(folder.path())
        .args(["run", "blocking.yaml", "--server", &served.url, "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let mut out = BufReader::new(running.stdout.take().unwrap());
    out.read_line(&mut first).unwrap();
    let first: Value = serde_json::from_str(&first).unwrap();
    let id = first["data"]["execution_id"].as_str().expect("an id").to_owned();

    let mut following = signalbox(folder.path())
        .args(["events", &id, "--follow", "--json", "--data", "data"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut followed = BufReader::new(following.stdout.take().unwrap());
    let mut line = String::new();
    followed.read_line(&mut line).unwrap();
    assert!(line.contains("execution_start"), "{line}");
    Run::of(folder.path(), ["cancel", &id, "--data", "data", "--reason", "seen enough"]).expect(0);
    let mut rest = String::new();
    followed.read_to_string(&mut rest).unwrap();
    assert_eq!(following.wait().unwrap().code(), Some(0));
    let last: Value = serde_json::from_str(rest.lines().last().expect("a last event")).unwrap();
    assert_eq!((&last["type"], &last["data"]["outcome"]), (&"execution_complete".into(), &"cancelled".into()));
    assert!(rest.contains("seen enough"), "{rest}");
    out.read_to_string(&mut line).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(1), "cancelled is not completed");
}

#[test]
fn ids_that_are_none_and_ids_of_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::of(folder.path(), ["events", "7", "--data", "data"]).expect(2);
    assert!(run.stderr.contains("`7`"), "{run:?}");
    let nothing = "01998c4e-9c1b-7d2e-8a10-0123456789ab";
    let run = Run::of(folder.path(), ["events", nothing, "--data", "data"]).expect(2);
    assert!(run.stderr.contains(nothing), "{run:?}");
}

#[test]
fn a_topic_is_read_filtered_and_followed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("echo.yaml"), ECHO).unwrap();
    let run = |on: &[&str]| Run::of(folder.path(), on.iter().chain(&["--data", "data"]));
    let mut ids = Vec::new();
    for _ in 0..3 {
        let mut lines = run(&["run", "echo.yaml", "--json"]).expect(0).lines();
        ids.push(lines.pop().expect("the last line")["execution_id"].clone());
    }
    let ends = |lines: Vec<Value>| lines.iter().map(|event| event["data"]["execution_id"].clone()).collect::<Vec<_>>();
    let ended = ["events", "--type", "execution_complete", "--json"];
    assert_eq!(ends(run(&ended).expect(0).lines()), ids);
    assert_eq!(ends(run(&[&ended[..], &["--last", "2"]].concat()).expect(0).lines()), ids[1..]);
    assert_eq!(ends(run(&[&ended[..], &["--since", "1h"]].concat()).expect(0).lines()), ids);
    assert_eq!(run(&[&ended[..], &["--until", "1h"]].concat()).expect(0).stdout, "");
    let second = ids[1].as_str().expect("an id");
    assert_eq!(ends(run(&[&ended[..], &["--correlation-id", second]].concat()).expect(0).lines()), ids[1..2]);
    assert_eq!(run(&["events", second, "--type", "execution_complete", "--json"]).expect(0).lines().len(), 1);
    run(&["events", "--topic", "agnets"]).expect(2);
    run(&["events", "--since", "noon"]).expect(2);

    let served = Served::start(folder.path(), "data");
    let mut following = signalbox(folder.path())
        .args([
            "events",
            "--topic",
            "workflow:tests/echo",
            "--follow",
            "--last",
            "1",
            "--json",
            "--server",
            &served.url,
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut followed = BufReader::new(following.stdout.take().unwrap());
    let mut next = move || {
        let mut line = String::new();
        followed.read_line(&mut line).unwrap();
        serde_json::from_str::<Value>(&line).unwrap()
    };
    assert_eq!(next()["data"]["executionId"], ids[2], "the newest is there at once");
    let fourth = run(&["run", "echo.yaml", "--json"]).expect(0).lines().pop().expect("a line")["execution_id"].clone();
    loop {
        let event = next();
        assert_eq!(event["data"]["executionId"], fourth, "nothing twice, nothing of others: {event}");
        if event["data"]["status"] == "completed" {
            break;
        }
    }
    following.kill().unwrap();
    following.wait().unwrap();
}
