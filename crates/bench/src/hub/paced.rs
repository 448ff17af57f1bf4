//! F1 and F2: so many messages a second to so many clients; and what plain sending of the same costs.

use super::{
    limit::{Limit, Order},
    measured::Measured,
};
use anyhow::ensure;
use std::time::{Duration, Instant};

/// What was published is delivered after so long, or is lost.
const TAIL: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) clients: usize,
    pub(super) period: Duration,
    /// Messages published together.
    pub(super) burst: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    /// Of the server's processor.
    pub(super) us_per_delivery: f64,
    pub(super) bytes_per_delivery: usize,
    pub(super) lost: u64,
    pub(super) latency_p50_ms: f64,
    pub(super) latency_p99_ms: f64,
}

pub(super) fn run(measured: &Measured, load: Load, time: Duration) -> anyhow::Result<Figures> {
    let mut crowd = measured.crowd(load.clients)?;
    let mut publisher = measured.publisher()?;
    let warm = rounds(load, Duration::from_secs(1));
    let count = rounds(load, time);
    let (mut used, mut due) = (Duration::ZERO, Instant::now());
    for round in 0..warm + count {
        if round == warm {
            publisher.finish()?;
            let all = warm * load.burst as u64 * load.clients as u64;
            crowd.until(TAIL, |crowd| crowd.seen.deliveries >= all)?;
            crowd.forget();
            used = measured.used()?;
            due = Instant::now();
        }
        crowd.published();
        publisher.publish(load.burst)?;
        due += load.period;
        crowd.until(due.saturating_duration_since(Instant::now()), |_| false)?;
    }
    publisher.finish()?;
    let all = count * load.burst as u64 * load.clients as u64;
    crowd.until(TAIL, |crowd| crowd.seen.deliveries >= all)?;
    let used = measured.used()? - used;
    publisher.stop();
    let seen = crowd.seen;
    ensure!(seen.deliveries > 0, "nothing was delivered");
    ensure!(seen.duplicated + seen.reordered + seen.gaps + seen.closed == 0, "not as published: {seen:?}");
    Ok(Figures {
        us_per_delivery: used.as_secs_f64() * 1e6 / seen.deliveries as f64,
        bytes_per_delivery: usize::try_from(seen.bytes / seen.deliveries)?,
        lost: all - seen.deliveries.min(all),
        latency_p50_ms: crowd.latency_ms(0.5),
        latency_p99_ms: crowd.latency_ms(0.99),
    })
}

/// Microseconds of the sender's processor per message.
pub(super) fn limit(load: Load, bytes: usize, joined: bool, time: Duration) -> anyhow::Result<f64> {
    let mut limit = Limit::start(load.clients, bytes)?;
    let count = rounds(load, time);
    let warm = rounds(load, Duration::from_secs(1)).min(count);
    let (mut used, mut due, mut done) = (Duration::ZERO, Instant::now(), 0);
    for round in 0..warm + count {
        limit.send(Order { messages: load.burst, joined })?;
        due += load.period;
        limit.crowd.until(due.saturating_duration_since(Instant::now()), |_| false)?;
        while let Some(one) = limit.done()? {
            // The first orders warm it up.
            if done >= warm {
                used += one;
            }
            done += 1;
        }
        ensure!(done + 3 > round, "the sender does not keep up");
    }
    let counted = done - warm;
    limit.stop();
    Ok(used.as_secs_f64() * 1e6 / (counted * load.burst as u64 * load.clients as u64) as f64)
}

fn rounds(load: Load, time: Duration) -> u64 {
    (time.as_millis() / load.period.as_millis()).max(1) as u64
}
