//! This process, as Linux tells of it; elsewhere nothing is told.

use std::fs;

/// What Linux counts processor time in, a second.
const TICKS: f64 = 100.0;

pub(super) struct Process {
    pub(super) cpu_seconds: f64,
    pub(super) resident_bytes: u64,
    pub(super) open_files: u64,
}

pub(super) fn read() -> Option<Process> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name, in brackets, may hold anything: what follows it does not.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = resident.trim().trim_end_matches(" kB").trim().parse().ok()?;
    Some(Process {
        cpu_seconds: (ticks(11)? + ticks(12)?) / TICKS,
        resident_bytes: kib * 1024,
        open_files: fs::read_dir("/proc/self/fd").ok()?.count() as u64,
    })
}
