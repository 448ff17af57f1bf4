//! A client that vanishes without a word: its machine has lost power, its network is gone. Nobody is told, and what
//! was written stays untaken; the system gives it up after a minute (`UNTAKEN` in `connections.rs`).
//!
//! The network that goes is a namespace of this test's own, in which it runs itself once more.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod support;

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    time::{Duration, Instant},
};
use support::Served;

const NAME: &str = "what_a_client_that_vanished_never_takes_is_given_up_after_a_minute";
/// Set where the network is ours.
const INSIDE: &str = "SIGNALBOX_TEST_INSIDE";
/// Requests at once, unread: their answers are more than the system holds for a client.
const REQUESTS: usize = 2_000;
/// Between two looks at the system's connections.
const LOOK: Duration = Duration::from_millis(100);

#[test]
fn what_a_client_that_vanished_never_takes_is_given_up_after_a_minute() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    if std::env::var_os("SIGNALBOX_FULL").is_none() {
        return println!("it takes a minute: only at full size (SIGNALBOX_FULL=1)");
    }
    let own = ["--user", "--map-root-user", "--net"];
    let may = Command::new("unshare").args(own).args(["ip", "link", "set", "lo", "up"]).output();
    let has_one = may.as_ref().is_ok_and(|tried| tried.status.success());
    assert!(has_one, "this system lets nobody have a network of their own: {may:?}");
    let mut again = Command::new("unshare");
    again.args(own).arg(std::env::current_exe().unwrap()).args(["--exact", NAME, "--nocapture"]);
    assert!(again.env(INSIDE, "1").status().unwrap().success());
}

fn inside() {
    network("up");
    let folder = tempfile::tempdir().unwrap();
    let server = Served::start_with(folder.path(), &["--data", "data"]);
    let address = server.url.strip_prefix("http://").unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    let request = format!("GET /api/v1/playbook-schema HTTP/1.1\r\nhost: {address}\r\n\r\n");
    client.write_all(request.repeat(REQUESTS).as_bytes()).unwrap();
    let mut head = [0; 15];
    client.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    let ends = (client.peer_addr().unwrap().port(), client.local_addr().unwrap().port());
    assert!(is_open(ends));

    network("down");
    let gone = Instant::now();
    while is_open(ends) {
        assert!(gone.elapsed() < Duration::from_secs(100), "still open");
        std::thread::sleep(LOOK);
    }
    let took = gone.elapsed().as_secs();
    assert!((50..=80).contains(&took), "given up after {took} s");

    // Nothing else was harmed.
    network("up");
    let mut another = TcpStream::connect(address).unwrap();
    write!(another, "GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    another.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
}

fn network(state: &str) {
    assert!(Command::new("ip").args(["link", "set", "lo", state]).status().unwrap().success());
}

/// The server's end of the connection, as the system has it: `sl local remote state …`, in hexadecimal.
fn is_open((local, remote): (u16, u16)) -> bool {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let port = |end: &str| end.rsplit(':').next().and_then(|port| u16::from_str_radix(port, 16).ok());
    table.lines().skip(1).any(|line| {
        let mut fields = line.split_whitespace().skip(1);
        (fields.next().and_then(port), fields.next().and_then(port)) == (Some(local), Some(remote))
    })
}
