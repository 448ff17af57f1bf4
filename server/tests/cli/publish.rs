//! `signalbox publish`

use crate::support::{Run, Served, signalbox};
use std::{
    io::Write,
    process::{Command, Stdio},
};

fn with_input(mut command: Command, input: &str) -> Run {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Run::from(child.wait_with_output().unwrap())
}

#[test]
fn messages_are_published_to_a_server_and_into_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let state = [
        "publish",
        "agent_state",
        "agentId=scout",
        "status=busy",
        "resourceUsage.cpu=12.5",
        "resourceUsage.memory=40",
        "resourceUsage.activeConnections=2",
    ];
    let served = Served::start(folder.path(), "data");
    for (args, expected) in
        [(["--server", &served.url], "the last at position 1"), (["--data", "data"], "published 1\n")]
    {
        let run = Run::of(folder.path(), state.into_iter().chain(args)).expect(0);
        assert!(run.stdout.contains(expected), "{run:?}");
    }
    let alert = r#"{"type": "system_alert", "severity": "info", "component": "c", "message": "m"}"#;
    let mut command = signalbox(folder.path());
    command.args(["publish", "--json", "-", "--server", &served.url]);
    let run = with_input(command, &format!("{alert}\n{alert}\n")).expect(0);
    assert_eq!(run.stdout, "published 2, the last at position 3\n");
    drop(served);
    let run = Run::of(folder.path(), ["publish", "system_alert", "severity=bad", "--data", "data"]).expect(2);
    assert!(run.stderr.contains("field `severity`"), "{run:?}");
    let run = Run::of(folder.path(), state.into_iter().chain(["--data", "data"])).expect(0);
    assert_eq!(run.stdout, "published 1\n", "it is busy already");
}
