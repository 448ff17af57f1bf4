//! `bench engine`: durable steps of `noop` through the whole runtime, in this process, on SQLite or PostgreSQL.

mod boot;
mod chain;
mod each;
mod fan;
mod house;
mod peer;
mod place;
mod playbooks;
mod remote;
mod watched;

use crate::{
    conditions::{Conditions, resident_mib},
    options::{Options, PeerKind},
    report::Report,
};
use anyhow::{Context, bail};
pub(crate) use boot::Started;
use house::{Figures, House};
use peer::Peer;
pub(crate) use place::Place;
use remote::Remote;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use watched::Ready;

/// A case's name, and what runs it for about the given time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    /// 10-step chains, one after the other.
    ChainSeq,
    /// 16 chains at any time.
    Chain16,
    /// 1,000 chains submitted together.
    Chain1000,
    /// One execution with 1,000 parallel branches.
    Fan1000,
    /// Iterators over so many items, a durable task each.
    Each1000,
    Each10000,
    /// One execution of 100,000 events, then all of it read and folded.
    History,
    /// Chains, their steps done by a worker process over the socket; a client submits over HTTP and sees ends on a
    /// socket of its own.
    WorkerSeq,
    Worker16,
    /// The real binary, from nothing to its ready line.
    Boot,
}

const CASES: [Case; 10] = [
    Case::ChainSeq,
    Case::Chain16,
    Case::Chain1000,
    Case::Fan1000,
    Case::Each1000,
    Case::Each10000,
    Case::History,
    Case::WorkerSeq,
    Case::Worker16,
    Case::Boot,
];

/// Of the case about a long history.
const EVENTS: u64 = 100_000;

impl Case {
    fn name(self) -> &'static str {
        match self {
            Case::ChainSeq => "chain-seq",
            Case::Chain16 => "chain-16",
            Case::Chain1000 => "chain-1000",
            Case::Fan1000 => "fan-1000",
            Case::Each1000 => "each-1000",
            Case::Each10000 => "each-10000",
            Case::History => "history-100000",
            Case::WorkerSeq => "worker-seq",
            Case::Worker16 => "worker-16",
            Case::Boot => "boot",
        }
    }
}

/// Runs every case in interleaved rounds and prints the medians.
///
/// # Errors
/// When an execution does not complete, or the store or the binary fails.
pub(crate) async fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let (rounds, time) = if options.quick { (3, Duration::from_secs(2)) } else { (5, Duration::from_secs(8)) };
    let cases = chosen(&options.cases)?;
    let folder = Folder::new()?;
    let conditions = Conditions::look(options.store.name(), folder.path(), options.quick);
    let mut peer = match options.peer {
        Some(PeerKind::Restate) => Some(Peer::restate(&folder.path().join("restate")).await?),
        None => None,
        Some(PeerKind::Realtime) => bail!("realtime are peers of `bench hub`"),
    };
    for round in 1..=rounds {
        for case in &cases {
            let began = Instant::now();
            let data = folder.path().join(format!("{}-{round}", case.name()));
            let place = Place::of(options.store, data).await?;
            one(*case, place, time, report).await.with_context(|| format!("case {}", case.name()))?;
            if let Some(peer) = &mut peer {
                peer.run(*case, time, report).await.with_context(|| format!("case {} of the peer", case.name()))?;
            }
            eprintln!("round {round}/{rounds} {:<10} {:.1} s", case.name(), began.elapsed().as_secs_f64());
        }
    }
    let named: Vec<_> = peer.iter().map(|peer| peer.named.clone()).collect();
    report.print(&conditions, &named);
    match peer {
        Some(peer) => peer.stop().await,
        None => Ok(()),
    }
}

async fn one(case: Case, place: Place, time: Duration, report: &mut Report) -> anyhow::Result<()> {
    if case == Case::Boot {
        let boot = boot::run(&place).await?;
        report.add("boot", "ready_ms", "ms", boot.ready_ms);
        report.add("boot", "rss_mib", "MiB", boot.rss_mib);
        return Ok(());
    }
    if matches!(case, Case::WorkerSeq | Case::Worker16) {
        let remote = Remote::start(&place).await?;
        let figures = remote.chains(if case == Case::WorkerSeq { 1 } else { 16 }, time).await?;
        remote.stop().await?;
        report.add(case.name(), "steps_per_s", "1/s", figures.steps as f64 / figures.took.as_secs_f64());
        report.add(case.name(), "execution_ms", "ms", figures.execution_ms);
        report.add(case.name(), "server_rss_mib", "MiB", figures.server_rss_mib);
        report.add(case.name(), "worker_rss_mib", "MiB", figures.worker_rss_mib);
        return Ok(());
    }
    if case == Case::History {
        let house = House::build(&place.url(), Ready::FromTheStart).await?;
        let history = each::history(&house, EVENTS).await?;
        report.add(case.name(), "events", "1", history.events as f64);
        report.add(case.name(), "run_s", "s", history.run_s);
        report.add(case.name(), "fold_s", "s", history.fold_s);
        report.add(case.name(), "rss_mib", "MiB", resident_mib(std::process::id()));
        house.tear_down().await;
        return Ok(());
    }
    let counts = if case == Case::Fan1000 { Ready::FromTheStart } else { Ready::AfterTheOneBefore };
    let house = House::build(&place.url(), counts).await?;
    let figures = match case {
        Case::ChainSeq => chain::sequential(&house, time).await?,
        Case::Chain16 => chain::at_once(&house, 16, time).await?,
        Case::Chain1000 => chain::together(&house, 1_000, time).await?,
        Case::Fan1000 => fan::run(&house, 1_000, time).await?,
        Case::Each1000 => each::run(&house, 1_000, time).await?,
        Case::Each10000 => each::run(&house, 10_000, time).await?,
        Case::History | Case::WorkerSeq | Case::Worker16 | Case::Boot => unreachable!("handled above"),
    };
    house.tear_down().await;
    add(case.name(), &figures, report);
    Ok(())
}

fn add(case: &'static str, figures: &Figures, report: &mut Report) {
    report.add(case, "steps_per_s", "1/s", figures.steps as f64 / figures.took.as_secs_f64());
    report.add(case, "execution_ms", "ms", figures.execution_ms);
    report.add(case, "step_p50_ms", "ms", figures.step_p50_ms);
    report.add(case, "step_p99_ms", "ms", figures.step_p99_ms);
    report.add(case, "flushes_per_step", "1", figures.flushes as f64 / figures.steps as f64);
    report.add(case, "rss_mib", "MiB", figures.rss_mib);
}

fn chosen(names: &[String]) -> anyhow::Result<Vec<Case>> {
    if let Some(unknown) = names.iter().find(|name| CASES.iter().all(|case| case.name() != *name)) {
        bail!("there is no case `{unknown}`: the cases are {}", CASES.map(Case::name).join(", "));
    }
    Ok(CASES.into_iter().filter(|case| names.is_empty() || names.iter().any(|name| name == case.name())).collect())
}

/// Beside this program, so on the disk that is built on: /tmp may be memory, and a flush there costs nothing.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let beside = program.parent().context("a program is in a folder")?;
        let path = beside.join(format!("bench-data-{}", std::process::id()));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
