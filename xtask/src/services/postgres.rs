//! A PostgreSQL of our own. It refuses to run as root, so root runs it as `postgres` or `nobody`.

use super::{
    free_port,
    process::{Service, group, owned},
    some_times,
};
use crate::{Failure, process::answer};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Whether what is committed is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flushes {
    /// As PostgreSQL comes: for figures.
    Every,
    /// Test data need not survive the machine; what tests `kill -9` is signalbox.
    None,
}

/// `bin` is the folder of `initdb` and `postgres`. Returns the service and its URL.
pub fn start(bin: &Path, folder: &Path, flushes: Flushes) -> Result<(Service, String), Failure> {
    let home = folder.join("postgres");
    fs::create_dir(&home)?;
    let user = unprivileged()?;
    if let Some(user) = user {
        let owner = format!("{user}:{}", group(user));
        quietly(Command::new("chown").arg(owner).arg(&home))?;
    }
    let data = home.join("data");
    let mut initdb = owned(&bin.join("initdb"), user, "TERM");
    initdb.args(["--username=signalbox", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"]);
    quietly(initdb.arg(&data).current_dir(&home))?;
    some_times(|| serve(bin, &home, &data, user, flushes))
}

fn serve(
    bin: &Path,
    home: &Path,
    data: &Path,
    user: Option<&str>,
    flushes: Flushes,
) -> Result<(Service, String), Failure> {
    let port = free_port()?.to_string();
    let mut command = owned(&bin.join("postgres"), user, "INT");
    command.arg("-D").arg(data).args(["-p", &port, "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300"]);
    if flushes == Flushes::None {
        command.args(["-c", "fsync=off"]);
    }
    command.arg("-c").arg(format!("unix_socket_directories={}", home.display()));
    let log = log(home);
    let isready = bin.join("pg_isready");
    command.current_dir(home);
    let service = Service::start(command, "INT", &log, || {
        answer(Command::new(&isready).args(["-q", "-h", "127.0.0.1", "-p", &port])).is_some()
    })?;
    Ok((service, format!("postgres://signalbox@127.0.0.1:{port}/postgres")))
}

fn log(home: &Path) -> PathBuf {
    home.with_extension("log")
}

/// Who PostgreSQL runs as; `None` when that is us.
fn unprivileged() -> Result<Option<&'static str>, Failure> {
    if answer(Command::new("id").arg("-u")).as_deref() != Some("0") {
        return Ok(None);
    }
    let exists = |user: &&str| answer(Command::new("id").args(["-u", user])).is_some();
    let user = ["postgres", "nobody"].into_iter().find(exists);
    user.map(Some).ok_or_else(|| Failure::new("it does not run as root, and there is no user `postgres` or `nobody`"))
}

fn quietly(command: &mut Command) -> Result<(), Failure> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("{} failed: {}", command.get_program().to_string_lossy(), said.trim())))
}
