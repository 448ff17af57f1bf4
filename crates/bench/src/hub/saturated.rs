//! F3: as much as goes through, and nothing lost.

use super::{
    limit::{Limit, Order},
    measured::Measured,
    publisher::Way,
};
use anyhow::ensure;
use std::time::{Duration, Instant};

pub(super) const CLIENTS: usize = 1_000;
/// Messages of one request, and requests at once: while one is being committed others are on their way.
const BATCH: usize = 250;
const PUBLISHERS: usize = 4;
/// Messages published and not delivered to everybody: less than is held for one client.
const AHEAD: u64 = 1_000;
/// What was published is delivered after so long, or is lost.
const TAIL: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    pub(super) deliveries_per_s: f64,
    pub(super) us_per_delivery: f64,
    pub(super) bytes_per_delivery: usize,
    pub(super) lost: u64,
    pub(super) not_in_order: u64,
}

pub(super) fn run(measured: &Measured, time: Duration) -> anyhow::Result<Figures> {
    let mut crowd = measured.crowd(CLIENTS)?;
    let mut publishers = Vec::new();
    for _ in 0..PUBLISHERS {
        publishers.push(measured.publisher(Way::Request)?);
    }
    let (used, began) = (measured.used()?, Instant::now());
    let (mut published, mut last) = (0_u64, 0_u64);
    while began.elapsed() < time {
        for publisher in &mut publishers {
            if let Some(position) = publisher.published()? {
                last = last.max(position);
            }
            let delivered = crowd.seen.deliveries / CLIENTS as u64;
            if publisher.is_free() && published + BATCH as u64 <= delivered + AHEAD {
                publisher.publish(BATCH)?;
                published += BATCH as u64;
            }
        }
        crowd.until(Duration::from_micros(500), |_| false)?;
    }
    for publisher in &mut publishers {
        last = last.max(publisher.finish()?);
    }
    let all = published * CLIENTS as u64;
    crowd.until(TAIL, |crowd| crowd.seen.deliveries >= all)?;
    let (took, used) = (began.elapsed(), measured.used()?.since(&used));
    publishers.into_iter().for_each(super::publisher::Publisher::stop);
    let seen = crowd.seen;
    ensure!(seen.deliveries > 0, "nothing was delivered");
    // Each client has as many as were published, each with a larger position than the one before, the last the last.
    let behind = crowd.clients.iter().filter(|client| client.last != last || client.count != published).count();
    ensure!(behind == 0 || seen.deliveries < all, "{behind} clients do not have the last message");
    Ok(Figures {
        deliveries_per_s: seen.deliveries as f64 / took.as_secs_f64(),
        us_per_delivery: used.as_secs_f64() * 1e6 / seen.deliveries as f64,
        bytes_per_delivery: usize::try_from(seen.bytes / seen.deliveries)?,
        lost: all - seen.deliveries.min(all),
        not_in_order: seen.duplicated + seen.reordered + seen.gaps + seen.closed,
    })
}

/// Messages a second, and microseconds of the sender's processor for each, when nothing is done but sending.
pub(super) fn limit(bytes: usize, joined: usize, time: Duration) -> anyhow::Result<(f64, f64)> {
    let mut limit = Limit::start(CLIENTS, bytes)?;
    let began = Instant::now();
    let (mut orders, mut done, mut used) = (0_u64, 0_u64, Duration::ZERO);
    while began.elapsed() < time {
        while orders < done + 2 {
            limit.send(Order { messages: joined, joined: true })?;
            orders += 1;
        }
        limit.crowd.until(Duration::from_micros(500), |_| false)?;
        while let Some(one) = limit.done()? {
            used += one;
            done += 1;
        }
    }
    let messages = (done * joined as u64 * CLIENTS as u64) as f64;
    let took = began.elapsed();
    // What was ordered last is taken yet, so that the sender ends.
    let all = orders * joined as u64 * CLIENTS as u64;
    limit.crowd.until(TAIL, |crowd| crowd.seen.deliveries >= all)?;
    limit.stop();
    Ok((messages / took.as_secs_f64(), used.as_secs_f64() * 1e6 / messages))
}
