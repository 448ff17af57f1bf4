//! Who runs on which core, and what it used.

use anyhow::Context;
use nix::{time::clock_getcpuclockid, unistd::Pid};
use rustix::{
    thread::{CpuSet, sched_setaffinity},
    time::{ClockId, clock_gettime},
};
use std::time::Duration;

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
    let process = Pid::from_raw(process.try_into().context("the id of a process")?);
    let time = clock_getcpuclockid(process).and_then(|clock| clock.now()).context("the server has ended")?;
    Ok(time.into())
}

/// Processor time of this thread.
pub(super) fn used_here() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{process::Command, time::Instant};

    #[test]
    fn what_another_process_used_is_told_finely_and_only_while_it_is_there() {
        let mut busy = Command::new("sh").args(["-c", "while :; do :; done"]).spawn().expect("a shell");
        let (mut last, begin) = (Duration::ZERO, Instant::now());
        // Finer than any tick: two looks in a row differ by less than a hundredth of a second, and do differ.
        let steps = std::iter::from_fn(|| {
            let now = used_by(busy.id()).expect("it runs");
            (begin.elapsed() < Duration::from_secs(20)).then(|| now - std::mem::replace(&mut last, now))
        });
        assert!(steps.into_iter().any(|step| !step.is_zero() && step < Duration::from_millis(1)));
        busy.kill().expect("it is ours");
        busy.wait().expect("it ends");
        assert!(used_by(busy.id()).is_err());
    }
}
