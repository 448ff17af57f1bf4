//! Noticing a step that starts processes without end, before the host cannot start any.

use std::{fs, time::Duration};

/// Processes of one step. Pools of workers stay far below, a fork bomb is there in no time.
pub(super) const PROCESSES: usize = 512;

/// Between two looks. One small file is read at each, and the process table only when the host has got fuller.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Resolves with the number of processes when the group has more than [`PROCESSES`]; never on hosts without
/// `/proc`.
pub(super) async fn overflow(group: i32) -> usize {
    let Some(before) = tasks() else { return std::future::pending().await };
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if tasks().is_some_and(|now| now > before + PROCESSES / 2)
            && let Ok(count @ PROCESSES..) = tokio::task::spawn_blocking(move || members(group)).await
        {
            return count;
        }
    }
}

/// Processes and threads on this host.
fn tasks() -> Option<usize> {
    let load = fs::read_to_string("/proc/loadavg").ok()?;
    load.split(' ').nth(3)?.split('/').nth(1)?.parse().ok()
}

/// Processes in the group.
fn members(group: i32) -> usize {
    let Ok(entries) = fs::read_dir("/proc") else { return 0 };
    let ours = |entry: &fs::DirEntry| {
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // pid (command, which may hold anything) state parent group …
        stat.rsplit(')').next()?.split_whitespace().nth(2)?.parse::<i32>().ok().filter(|found| *found == group)
    };
    entries.flatten().filter(|entry| ours(entry).is_some()).count()
}
