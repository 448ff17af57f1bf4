//! Everybody is gone, misses something, and comes back at once: by itself, over SIGTERM, over SIGKILL.

use super::{measured::Measured, publisher::Way};
use crate::engine::Place;
use anyhow::ensure;
use std::time::{Duration, Instant};

pub(super) const CLIENTS: usize = 1_000;
const MISSED: u64 = 500;
/// Seen before they go.
const BEFORE: u64 = 100;
const BATCH: usize = 50;
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// The clients' connections break.
    Dropped,
    Terminated,
    Killed,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    /// From the first connect to the last client's last message.
    pub(super) back_s: f64,
    pub(super) lost: u64,
    pub(super) duplicated: u64,
    pub(super) reordered: u64,
    pub(super) gaps: u64,
}

pub(super) async fn run(place: &Place, how: How) -> anyhow::Result<Figures> {
    let mut measured = Measured::product(place).await?;
    let mut crowd = measured.crowd(CLIENTS)?;
    publish(&measured, BEFORE)?;
    let all = BEFORE * CLIENTS as u64;
    ensure!(crowd.until(PATIENCE, |crowd| crowd.seen.deliveries >= all)?, "not everything was delivered");
    match how {
        How::Dropped => crowd.drop_all(),
        // While messages are on their way.
        How::Killed => {
            publish(&measured, BATCH as u64)?;
            measured.kill().await?;
            crowd.drop_all();
            measured = Measured::product(place).await?;
        }
        How::Terminated => {
            publish(&measured, BATCH as u64)?;
            measured.terminate()?;
            let gone = crowd.until(PATIENCE, |crowd| crowd.seen.closed >= CLIENTS as u64)?;
            ensure!(gone, "clients were not sent away");
            crowd.drop_all();
            measured.ended().await?;
            measured = Measured::product(place).await?;
        }
    }
    let mut published = BEFORE + MISSED;
    if how != How::Dropped {
        published += BATCH as u64;
    }
    let last = publish(&measured, MISSED)?;
    let began = Instant::now();
    crowd.come_back(measured.address)?;
    let back = crowd.until(PATIENCE, |crowd| crowd.clients.iter().all(|client| client.last >= last))?;
    let back_s = began.elapsed().as_secs_f64();
    ensure!(back, "not everybody has everything in time");
    let seen = crowd.seen;
    measured.kill().await?;
    Ok(Figures {
        back_s,
        lost: crowd.clients.iter().map(|client| published - client.count.min(published)).sum(),
        duplicated: seen.duplicated,
        reordered: seen.reordered,
        gaps: seen.gaps,
    })
}

/// The position of the last.
fn publish(measured: &Measured, count: u64) -> anyhow::Result<u64> {
    let mut publisher = measured.publisher(Way::Request)?;
    for _ in 0..count / BATCH as u64 {
        publisher.publish(BATCH)?;
    }
    let last = publisher.finish();
    publisher.stop();
    last
}
