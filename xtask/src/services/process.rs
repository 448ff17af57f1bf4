//! A server process of the tests.

use super::tail;
use crate::{Failure, interrupt, workspace::on_path};
use std::{
    ffi::OsStr,
    fs::File,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

pub struct Service {
    child: Child,
    /// What asks it to end: SIGINT is PostgreSQL's fast shutdown, SIGTERM would wait for clients.
    stop: &'static str,
}

impl Service {
    /// Starts it and waits until `is_up` says so.
    pub fn start(
        mut command: Command,
        stop: &'static str,
        log: &PathBuf,
        mut is_up: impl FnMut() -> bool,
    ) -> Result<Self, Failure> {
        command.stdin(Stdio::null()).stdout(File::create(log)?).stderr(File::options().append(true).open(log)?);
        let child = command.process_group(0).spawn()?;
        let mut service = Self { child, stop };
        let began = Instant::now();
        while !is_up() {
            interrupt::check()?;
            if let Some(status) = service.child.try_wait()? {
                return Err(Failure::new(format!("ended with {status}: {}", tail(log))));
            }
            if began.elapsed() > START_LIMIT {
                return Err(Failure::new(format!("not up after {} s: {}", START_LIMIT.as_secs(), tail(log))));
            }
            thread::sleep(POLL);
        }
        Ok(service)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        interrupt::send(self.stop, self.child.id());
        let began = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if began.elapsed() > STOP_LIMIT {
                interrupt::send("KILL", self.child.id());
                let _ = self.child.wait();
                return;
            }
            thread::sleep(POLL);
        }
    }
}

/// The program, as `user` when given, told to end when we are gone without a word (`kill -9`), where the system
/// can do that.
pub fn owned(program: &Path, user: Option<&str>, stop: &str) -> Command {
    let Some(setpriv) = on_path("setpriv") else { return as_user(program.as_os_str(), user) };
    let mut command = Command::new(setpriv);
    command.arg("--pdeathsig").arg(stop);
    if let Some(user) = user {
        command.args(["--reuid", user, "--regid", &group(user), "--clear-groups"]);
    }
    command.arg("--").arg(program);
    command
}

fn as_user(program: &OsStr, user: Option<&str>) -> Command {
    let Some(user) = user else { return Command::new(program) };
    let mut command = Command::new("runuser");
    command.args(["-u", user, "--"]).arg(program);
    command
}

/// The user's own group.
pub fn group(user: &str) -> String {
    crate::process::answer(Command::new("id").args(["-gn", user])).unwrap_or_else(|| user.to_owned())
}
