//! Who runs on which core, and what it used.

use anyhow::Context;
use rustix::{
    thread::{CpuSet, sched_setaffinity},
    time::{ClockId, clock_gettime},
};
use std::{collections::HashMap, fs, time::Duration};

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

/// Processor time of each thread of a process, ns by its id. Of the whole process the system tells hundredths of a
/// second only.
pub(super) struct Used(HashMap<u32, u64>);

/// What a process used so far.
pub(super) fn used_by(process: u32) -> anyhow::Result<Used> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).context("the server has ended")?;
    let mut used = HashMap::new();
    for thread in threads {
        let thread = thread?;
        let id = thread.file_name().to_string_lossy().parse().context("the id of a thread")?;
        // A thread may have ended since.
        let Ok(times) = fs::read_to_string(thread.path().join("schedstat")) else { continue };
        let on_cpu = times.split(' ').next().and_then(|ns| ns.parse().ok()).context("/proc/PID/task/TID/schedstat")?;
        used.insert(id, on_cpu);
    }
    Ok(Used(used))
}

impl Used {
    /// What was used since an earlier look, but for the last of threads that have ended.
    pub(super) fn since(&self, earlier: &Used) -> Duration {
        let of = |(thread, ns): (&u32, &u64)| ns.saturating_sub(earlier.0.get(thread).copied().unwrap_or(0));
        Duration::from_nanos(self.0.iter().map(of).sum())
    }
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
        let (mut last, begin) = (used_by(busy.id()).expect("it runs"), Instant::now());
        // Finer than a tick of a hundredth of a second.
        let steps = std::iter::from_fn(|| {
            let now = used_by(busy.id()).expect("it runs");
            let step = now.since(&last);
            last = now;
            (begin.elapsed() < Duration::from_secs(20)).then_some(step)
        });
        assert!(steps.into_iter().any(|step| !step.is_zero() && step < Duration::from_millis(9)));
        busy.kill().expect("it is ours");
        busy.wait().expect("it ends");
        assert!(used_by(busy.id()).is_err());
    }
}
