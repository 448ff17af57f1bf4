//! What connections hold: idle ones, and slow ones.

use super::{measured::Measured, publisher::Way};
use crate::conditions::resident_mib;
use anyhow::ensure;
use std::time::{Duration, Instant};

pub(super) const IDLE: usize = 5_000;
const SLOW: usize = 10;
const OTHERS: usize = 90;
const BATCH: usize = 250;
/// Published while they are paused: many times what is held for a client, and what the system's buffers take.
const MISSED: u64 = 40_000;
const PATIENCE: Duration = Duration::from_secs(120);
/// What handshakes left behind is freed by then.
const SETTLED: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug)]
pub(super) struct Idle {
    pub(super) kib: f64,
    pub(super) kib_after_a_burst: f64,
}

pub(super) fn idle(measured: &Measured) -> anyhow::Result<Idle> {
    // The server has served some before: what it needs once is not theirs.
    drop(measured.crowd(100)?);
    let mut publisher = measured.publisher(Way::Request)?;
    publisher.publish(10)?;
    publisher.finish()?;
    std::thread::sleep(SETTLED);
    let before = resident_mib(measured.process);
    let mut crowd = measured.crowd(IDLE)?;
    std::thread::sleep(SETTLED);
    let connected = resident_mib(measured.process);
    for _ in 0..5 {
        publisher.publish(10)?;
    }
    publisher.finish()?;
    let all = 50 * IDLE as u64;
    ensure!(crowd.until(PATIENCE, |crowd| crowd.seen.deliveries >= all)?, "not everything was delivered");
    std::thread::sleep(SETTLED);
    let after = resident_mib(measured.process);
    publisher.stop();
    let kib = |mib: f64| (mib - before) * 1024.0 / IDLE as f64;
    Ok(Idle { kib: kib(connected), kib_after_a_burst: kib(after) })
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Slow {
    /// What the server's memory grows by beyond what it does while everybody reads, divided by the paused clients.
    pub(super) held_kib: f64,
    pub(super) missed: u64,
    pub(super) lost: u64,
    pub(super) not_in_order: u64,
    pub(super) gaps: u64,
    pub(super) catch_up_s: f64,
}

pub(super) fn slow(measured: &Measured, missed: Option<u64>) -> anyhow::Result<Slow> {
    let missed = missed.unwrap_or(MISSED);
    let mut crowd = measured.crowd(SLOW + OTHERS)?;
    let mut publisher = measured.publisher(Way::Request)?;
    let mut published = 0;
    let mut publish = |crowd: &mut super::crowd::Crowd, count: u64, readers: std::ops::Range<usize>| {
        let mut last = 0;
        for _ in 0..count / BATCH as u64 {
            publisher.publish(BATCH)?;
            published += BATCH as u64;
            let wanted = published;
            let all_have = |crowd: &super::crowd::Crowd| {
                crowd.clients[readers.clone()].iter().all(|client| client.count >= wanted)
            };
            ensure!(crowd.until(PATIENCE, all_have)?, "clients that read do not get everything");
            last = publisher.finish()?;
        }
        Ok(last)
    };
    publish(&mut crowd, 5_000, 0..SLOW + OTHERS)?;
    let warm = resident_mib(measured.process);
    // The store's page cache grows with the log, whoever waits: some 10 MiB with so many events.
    publish(&mut crowd, missed, 0..SLOW + OTHERS)?;
    let before = resident_mib(measured.process);
    crowd.pause(0..SLOW, true)?;
    let last = publish(&mut crowd, missed, SLOW..SLOW + OTHERS)?;
    let held = ((resident_mib(measured.process) - before) - (before - warm)).max(0.0);
    let resumed = Instant::now();
    crowd.pause(0..SLOW, false)?;
    let caught_up = crowd.until(PATIENCE, |crowd| crowd.clients[..SLOW].iter().all(|client| client.last >= last))?;
    let catch_up_s = resumed.elapsed().as_secs_f64();
    ensure!(caught_up, "paused clients do not catch up");
    let seen = crowd.seen;
    let lost = crowd.clients[..SLOW].iter().map(|client| published - client.count.min(published)).sum();
    publisher.stop();
    Ok(Slow {
        held_kib: held * 1024.0 / SLOW as f64,
        missed,
        lost,
        not_in_order: seen.duplicated + seen.reordered + seen.closed,
        gaps: seen.gaps,
        catch_up_s,
    })
}
