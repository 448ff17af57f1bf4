//! A peer that runs the same work in the same rounds: a process that takes cases line by line.

use super::Case;
use crate::report::{Named, Report, Subject};
use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use std::{path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// A peer that says nothing for so long has failed.
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) struct Peer {
    child: Child,
    input: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    pub(crate) named: Named,
}

#[derive(Deserialize)]
struct Ready {
    version: String,
}

#[derive(Serialize)]
struct Ask {
    case: &'static str,
    lanes: u64,
    steps: u64,
    seconds: f64,
}

#[derive(Deserialize)]
struct Answer {
    steps: u64,
    took_s: f64,
    execution_ms: f64,
    step_p50_ms: f64,
    step_p99_ms: f64,
    /// Of the whole disk; 0 where the system does not tell.
    flushes: u64,
    rss_mib: f64,
}

impl Peer {
    /// Starts Restate: `SIGNALBOX_BENCH_RESTATE` is the folder of `peer.mjs`, its packages installed.
    pub(crate) async fn restate(data: &Path) -> anyhow::Result<Self> {
        let folder = std::env::var_os("SIGNALBOX_BENCH_RESTATE")
            .context("SIGNALBOX_BENCH_RESTATE names the folder of peer.mjs: `cargo xtask bench` sets it")?;
        let mut child = Command::new("node")
            .arg("peer.mjs")
            .arg(data)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("starting node")?;
        let input = child.stdin.take().context("stdin is piped")?;
        let mut answers = BufReader::new(child.stdout.take().context("stdout is piped")?).lines();
        let ready: Ready = answer(&mut answers).await.context("the peer did not start")?;
        let named = Named { name: format!("restate {}", ready.version), store: "rocksdb" };
        Ok(Self { child, input, answers, named })
    }

    /// Runs its side of a case, if it has one.
    pub(crate) async fn run(&mut self, case: Case, time: Duration, report: &mut Report) -> anyhow::Result<()> {
        let Some((name, lanes, steps)) = work(case) else { return Ok(()) };
        let ask = Ask { case: name, lanes, steps, seconds: time.as_secs_f64() };
        let mut line = serde_json::to_vec(&ask)?;
        line.push(b'\n');
        self.input.write_all(&line).await.context("the peer is gone")?;
        let answer: Answer = answer(&mut self.answers).await?;
        ensure!(answer.steps > 0, "the peer did nothing");
        let mut add = |metric, unit, value| report.add_of(Subject::Peer(0), case.name(), metric, unit, value);
        add("steps_per_s", "1/s", answer.steps as f64 / answer.took_s);
        add("execution_ms", "ms", answer.execution_ms);
        if answer.step_p50_ms > 0.0 {
            add("step_p50_ms", "ms", answer.step_p50_ms);
            add("step_p99_ms", "ms", answer.step_p99_ms);
        }
        add("disk_flushes_per_step", "1", answer.flushes as f64 / answer.steps as f64);
        add("server_rss_mib", "MiB", answer.rss_mib);
        Ok(())
    }

    /// It ends with its input, and stops its server.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.input);
        timeout(PATIENCE, self.child.wait()).await.context("the peer does not end")??;
        Ok(())
    }
}

/// What the peer calls the work of a case, with its lanes and steps; `None` for what is ours alone.
fn work(case: Case) -> Option<(&'static str, u64, u64)> {
    match case {
        Case::ChainSeq | Case::WorkerSeq => Some(("chain", 1, 10)),
        Case::Chain16 | Case::Worker16 => Some(("chain", 16, 10)),
        Case::Chain1000 => Some(("together", 1_000, 10)),
        Case::Fan1000 => Some(("fan", 1, 1_000)),
        Case::Each1000 => Some(("items", 1, 1_000)),
        Case::Each10000 | Case::History | Case::Boot => None,
    }
}

async fn answer<T: for<'a> Deserialize<'a>>(answers: &mut Lines<BufReader<ChildStdout>>) -> anyhow::Result<T> {
    let line = timeout(PATIENCE, answers.next_line()).await.context("the peer says nothing")??;
    let line = line.context("the peer ended; what it said is above")?;
    serde_json::from_str(&line).with_context(|| format!("the peer said `{line}`"))
}
