//! Who runs on which core, and what it used.

use anyhow::Context;
use rustix::{
    thread::{CpuSet, sched_setaffinity},
    time::{ClockId, clock_gettime},
};
use std::{fs, time::Duration};

/// What is measured, and the physical limit beside it.
pub(super) const SERVER: usize = 0;
/// Clients and publishers.
pub(super) const CLIENTS: usize = 1;

/// Pins this thread; what it starts from here on is pinned alike.
pub(super) fn pin(core: usize) -> anyhow::Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).with_context(|| format!("this bench needs core {core}"))
}

/// Processor time of a process and all its threads, those that ended too.
pub(super) fn used_by(process: u32) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).context("the server has ended")?;
    // The name, in parentheses, may hold anything.
    let fields = stat.rsplit_once(") ").map(|(_, rest)| rest).context("/proc/PID/stat")?;
    let ticks: u64 = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse().unwrap_or(0)).sum();
    Ok(Duration::from_millis(ticks * 10))
}

/// Processor time of this thread.
pub(super) fn used_here() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
