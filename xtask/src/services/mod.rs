//! Servers the tests need: found or installed, started on free ports in a temporary folder, stopped at the end
//! however it ends.

mod folder;
mod install;
mod postgres;
mod process;
mod redis;

pub use install::{Program, find_or_install};

use crate::{Failure, progress::note};
use folder::Folder;
use postgres::Flushes;
use process::Service;
use std::{net::TcpListener, path::PathBuf};

/// What runs, and what could not be had.
pub struct Services {
    /// Stops them when dropped; before the folder they write to goes.
    _running: Vec<Service>,
    _folder: Folder,
    /// For the tests' environment.
    pub env: Vec<(&'static str, String)>,
    /// One line each: what is missing and why.
    pub missing: Vec<String>,
}

/// Starts PostgreSQL and Redis. One that cannot be had is told, not an error: the other's tests still count.
pub fn start() -> Result<Services, Failure> {
    let folder = Folder::new()?;
    let (mut running, mut env, mut missing) = (Vec::new(), Vec::new(), Vec::new());
    match find_or_install(Program::Postgres).and_then(|bin| postgres::start(&bin, folder.path(), Flushes::None)) {
        Ok((service, url)) => {
            running.push(service);
            env.push(("SIGNALBOX_TEST_POSTGRES_URL", url));
        }
        Err(failure) => missing.push(format!("PostgreSQL: {}", failure.message)),
    }
    match find_or_install(Program::Redis).and_then(|bin| redis::start(&bin, folder.path())) {
        Ok((service, url)) => {
            running.push(service);
            env.push(("SIGNALBOX_TEST_REDIS_URL", url));
        }
        Err(failure) => missing.push(format!("Redis: {}", failure.message)),
    }
    crate::interrupt::check()?;
    for (name, url) in &env {
        note(&format!("{name}={url}"));
    }
    Ok(Services { _running: running, _folder: folder, env, missing })
}

/// Starts a PostgreSQL for figures: on a disk, and durable.
pub fn durable_postgres() -> Result<Services, Failure> {
    let folder = Folder::on_disk()?;
    let bin = find_or_install(Program::Postgres)?;
    let (service, url) = postgres::start(&bin, folder.path(), Flushes::Every)?;
    let env = vec![("SIGNALBOX_TEST_POSTGRES_URL", url)];
    Ok(Services { _running: vec![service], _folder: folder, env, missing: Vec::new() })
}

/// A port nobody listens on now.
fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Tries until a service is up; ports are taken by others now and then.
fn some_times<T>(mut start: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    const TIMES: usize = 3;
    let mut last = None;
    for _ in 0..TIMES {
        match start() {
            Ok(started) => return Ok(started),
            Err(failure) => last = Some(failure),
        }
        crate::interrupt::check()?;
    }
    Err(last.expect("it was tried at least once"))
}

/// The tail of a log, for a failure's message.
fn tail(log: &PathBuf) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{SocketAddr, TcpStream};

    #[test]
    fn services_answer_while_held_and_are_gone_with_their_folder_afterwards() {
        let services = start().unwrap_or_else(|failure| panic!("{}", failure.message));
        assert_eq!(services.missing, [""; 0]);
        let addresses: Vec<SocketAddr> = services.env.iter().map(|(_, url)| address(url)).collect();
        assert_eq!(addresses.len(), 2);
        assert!(addresses.iter().all(|address| TcpStream::connect(address).is_ok()));
        let folder = services._folder.path().to_owned();
        drop(services);
        assert!(addresses.iter().all(|address| TcpStream::connect(address).is_err()));
        assert!(!folder.exists());
    }

    /// Of `scheme://user@host:port/…`.
    fn address(url: &str) -> SocketAddr {
        let authority = url.split('/').nth(2).unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        host.parse().expect("services listen on numeric addresses")
    }
}
