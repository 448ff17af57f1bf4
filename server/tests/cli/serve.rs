//! `signalbox serve`

use crate::support::{Run, Served};
use std::{
    io::{Read, Write},
    net::TcpStream,
};

#[test]
fn it_prints_one_line_and_leaves_on_sigterm_and_sigint() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["TERM", "INT"] {
        let mut served = Served::start(folder.path(), "data");
        served.signal(name);
        assert_eq!(served.wait(), Some(0), "{name}");
    }
}

#[test]
fn stdout_holds_nothing_but_the_url() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = crate::support::signalbox(folder.path())
        .args(["serve", "--listen", "127.0.0.1:0", "--data", "data", "--log", "trace"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    // The log is read away, or the pipe fills and the server stands still.
    let mut stderr = child.stderr.take().unwrap();
    let log = std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| text)
    });
    crate::support::signal(&child, "TERM");
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!((child.wait().unwrap().code(), rest.as_str()), (Some(0), ""));
    let log = log.join().unwrap().unwrap();
    assert!(!log.is_empty() && !log.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn two_servers_do_not_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), "data");
    let second = Run::of(folder.path(), ["serve", "--listen", "127.0.0.1:0", "--data", "data"]).expect(1);
    assert!(second.stderr.contains(&served.url) && second.stdout.is_empty(), "{second:?}");
    let elsewhere = Run::of(
        folder.path(),
        ["serve", "--listen", "127.0.0.1:0", "--data", "other", "--store", "sqlite:data/signalbox.db"],
    )
    .expect(1);
    assert!(elsewhere.stderr.contains("in use"), "{elsewhere:?}");
}

#[test]
fn a_taken_port_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), "data");
    let address = served.url.trim_start_matches("http://");
    let second = Run::of(folder.path(), ["serve", "--listen", address, "--data", "other"]).expect(1);
    assert!(second.stderr.contains(address), "{second:?}");
}

#[test]
fn a_killed_server_leaves_the_folder_free() {
    let folder = tempfile::tempdir().unwrap();
    let mut served = Served::start(folder.path(), "data");
    served.child.kill().unwrap();
    served.wait();
    let mut again = Served::start(folder.path(), "data");
    again.signal("TERM");
    assert_eq!(again.wait(), Some(0));
}

#[test]
fn clients_that_hang_do_not_keep_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut served = Served::start(folder.path(), "data");
    let mut stream = TcpStream::connect(served.url.trim_start_matches("http://")).unwrap();
    stream.write_all(b"POST /api/v1/playbooks HTTP/1.1\r\n").unwrap();
    served.signal("TERM");
    assert_eq!(served.wait(), Some(0));
}
