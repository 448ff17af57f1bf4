//! A Redis of our own, in memory only.

use super::{
    free_port,
    process::{Service, owned},
    some_times,
};
use crate::Failure;
use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    time::Duration,
};

/// Returns the service and its URL.
pub fn start(server: &Path, folder: &Path) -> Result<(Service, String), Failure> {
    some_times(|| {
        let port = free_port()?;
        let mut command = owned(server, None, "TERM");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"]);
        command.arg(folder);
        let service = Service::start(command, "TERM", &folder.join("redis.log"), || answers(port).is_some())?;
        Ok((service, format!("redis://127.0.0.1:{port}/")))
    })
}

/// It says PONG.
fn answers(port: u16) -> Option<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    stream.write_all(b"PING\r\n").ok()?;
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).ok()?;
    (answer == *b"+PONG\r\n").then_some(())
}
