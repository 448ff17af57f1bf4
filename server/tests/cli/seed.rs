//! The lines of S1's document, as they are written there: a server on its usual port.

use crate::support::signalbox;
use std::{
    io::{BufRead, BufReader, Error, Write},
    net::TcpListener,
    process::{Command, Stdio},
};

const NAME: &str = "seed::the_seeds_curl_lines_work_as_written";
/// Set where the network is this test's own.
const INSIDE: &str = "SIGNALBOX_TEST_INSIDE";
/// Set by who knows that the port is taken, and wants it so.
const WITHOUT: &str = "SIGNALBOX_TEST_WITHOUT_PORT_9999";

#[test]
fn the_seeds_curl_lines_work_as_written() {
    if let Err(taken) = TcpListener::bind("127.0.0.1:9999") {
        assert!(std::env::var_os(INSIDE).is_none(), "nobody else is here: {taken}");
        return in_a_network_of_its_own(&taken);
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = signalbox(folder.path());
    command.args(["serve", "--data", "data"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "http://127.0.0.1:9999\n", "the usual address");
    let mut said = Vec::new();
    for (line, part) in [
        ("curl http://localhost:9999/api/v1/websocket/status", "\"connections\":0"),
        ("curl -X POST http://localhost:9999/api/v1/websocket/broadcast/test", "\"sent\":5"),
        ("curl http://localhost:9999/api/v1/health", "\"websocket\":{"),
    ] {
        let output = Command::new("sh").arg("-c").arg(format!("{line} -sS --fail")).output().unwrap();
        said.push((line, part, String::from_utf8_lossy(&output.stdout).into_owned(), output.status.success()));
    }
    server.kill().unwrap();
    server.wait().unwrap();
    for (line, part, answer, done) in said {
        assert!(done && answer.contains(part), "{line}: {answer}");
    }
}

/// Where no port is taken: a namespace, in which it runs itself once more.
fn in_a_network_of_its_own(taken: &Error) {
    if std::env::var_os(WITHOUT).is_some() {
        // Past the harness, which would swallow it.
        let _ = writeln!(std::io::stderr(), "NOT TRIED: port 9999 is taken by somebody else ({taken})");
        return;
    }
    let mut again = Command::new("unshare");
    again.args(["--user", "--map-root-user", "--net", "sh", "-c", "ip link set lo up && exec \"$0\" \"$@\""]);
    again.arg(std::env::current_exe().unwrap()).args(["--exact", NAME, "--nocapture"]).env(INSIDE, "1");
    let output = again.output();
    let is_done = output
        .as_ref()
        .is_ok_and(|ran| ran.status.success() && String::from_utf8_lossy(&ran.stdout).contains("1 passed"));
    assert!(
        is_done,
        "port 9999 is taken by somebody else ({taken}), and in a network of its own it failed, or may have none; free \
         the port, or set {WITHOUT}=1 to leave this out: {output:?}"
    );
}
