//! One python process: started, watched, killed with everything it started.

use super::{crowd::overflow, tail::Tail};
use crate::within::{Stopped, within};
use protocol::task::Logs;
use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    io,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
    task::JoinHandle,
};
use worker::Cancelled;

/// One program in several files; `run.py` starts it.
const BOOTSTRAP: &str = concat!(
    include_str!("bootstrap/job.py"),
    "\n\n",
    include_str!("bootstrap/json.py"),
    "\n\n",
    include_str!("bootstrap/namespace.py"),
    "\n\n",
    include_str!("bootstrap/call.py"),
    "\n\n",
    include_str!("bootstrap/result.py"),
    "\n\n",
    include_str!("bootstrap/failure.py"),
    "\n\n",
    include_str!("bootstrap/run.py"),
);

/// How long a killed process may take to be gone, and its pipes to drain. A process that left the group and
/// holds the pipes is not waited for longer than this.
const GRACE: Duration = Duration::from_secs(2);

/// What the process sees of the environment, besides its own folder as HOME and TMPDIR.
const PASSED_ON: [&str; 2] = ["PATH", "TZ"];

/// How the process ended, and what it wrote.
pub(super) struct Ended {
    pub(super) how: Result<End, Stopped>,
    pub(super) logs: Logs,
}

pub(super) enum End {
    Exit(ExitStatus),
    /// Killed, for so many processes were there.
    Crowd(usize),
}

/// Starts `python` in the folder `work`, hands it the job, and waits for its end. Whatever the end, the whole
/// process group is gone afterwards.
///
/// # Errors
/// When the process cannot be started.
pub(super) async fn run(
    python: &Path,
    work: &Path,
    job: &[u8],
    time: Duration,
    cancelled: &mut Cancelled,
) -> io::Result<Ended> {
    let mut child = start(python, work)?;
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let mut stdin = child.stdin.take();
    let (stdout, stderr) = (Tail::default(), Tail::default());
    let readers = [
        child.stdout.take().map(|stream| tokio::spawn(stdout.clone().fill(stream))),
        child.stderr.take().map(|stream| tokio::spawn(stderr.clone().fill(stream))),
    ];
    let how = within(time, cancelled, async {
        if let Some(stdin) = &mut stdin {
            // It may have died before reading; its end says why.
            let _ = stdin.write_all(job).await;
        }
        // Stdin stays open meanwhile: its closing kills the group.
        tokio::select! {
            biased;
            status = child.wait() => status.map(End::Exit),
            count = crowded(group) => Ok(End::Crowd(count)),
        }
    })
    .await;
    if let Some(group) = group {
        // Fails when nobody is left, which is what is wanted.
        let _ = kill_process_group(group, Signal::KILL);
    }
    drop(stdin);
    let _ = tokio::time::timeout(GRACE, child.wait()).await;
    drain(readers).await;
    let how = match how {
        Ok(waited) => Ok(waited?),
        Err(stopped) => Err(stopped),
    };
    let ((stdout, before_stdout), (stderr, before_stderr)) = (stdout.take(), stderr.take());
    Ok(Ended { how, logs: Logs { stdout, stderr, omitted_bytes: before_stdout + before_stderr } })
}

fn start(python: &Path, work: &Path) -> io::Result<Child> {
    let mut command = Command::new(python);
    command
        .args(["-I", "-S", "-B", "-u", "-X", "utf8", "-c", BOOTSTRAP])
        .env_clear()
        .env("LANG", "C.UTF-8")
        .env("HOME", work)
        .env("TMPDIR", work)
        .current_dir(work)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    for name in PASSED_ON {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.spawn()
}

async fn crowded(group: Option<Pid>) -> usize {
    match group {
        Some(group) => overflow(group.as_raw_nonzero().get()).await,
        None => std::future::pending().await,
    }
}

async fn drain(readers: [Option<JoinHandle<()>>; 2]) {
    let deadline = tokio::time::Instant::now() + GRACE;
    for mut reader in readers.into_iter().flatten() {
        if tokio::time::timeout_at(deadline, &mut reader).await.is_err() {
            reader.abort();
        }
    }
}
