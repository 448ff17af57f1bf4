//! The lines of S1's document, as they are written there: a server on its usual port.

use crate::support::signalbox;
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    process::{Command, Stdio},
};

#[test]
fn the_seeds_curl_lines_work_as_written() {
    match TcpListener::bind("127.0.0.1:9999") {
        Ok(free) => drop(free),
        Err(error) => {
            // Past the harness, which would swallow it.
            let _ = writeln!(std::io::stderr(), "NOT TRIED: port 9999 is taken by somebody else ({error})");
            return;
        }
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
