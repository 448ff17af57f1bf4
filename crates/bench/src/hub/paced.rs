//! F1 and F2: so many messages a second to so many clients; and, in turns with it, what plain sending of the same costs.
//!
//! In turns, since a core's speed changes within seconds when others use the machine: both find the same core, the same
//! number of sockets, and clients that have gone to sleep.

use super::{
    crowd::Crowd,
    limit::{Limit, Order},
    measured::Measured,
    publisher::{Publisher, Way},
};
use anyhow::ensure;
use std::time::{Duration, Instant};

/// What was published is delivered after so long, or is lost.
const TAIL: Duration = Duration::from_secs(10);
/// Connections, caches and buffers are as they stay after so long.
const WARM: Duration = Duration::from_secs(1);
/// And after so much: the receivers of Linux acknowledge each of the first 16 segments at once, before their programs
/// have read them.
const WARM_ROUNDS: u64 = 20;

#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) clients: usize,
    pub(super) period: Duration,
    /// Messages published together.
    pub(super) burst: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    /// Of the server's processor, with all it did meanwhile.
    pub(super) us_per_delivery: f64,
    /// Of the sender's processor, one message a call.
    pub(super) limit_send_us: f64,
    /// All of a burst in one call, where there are bursts.
    pub(super) limit_batch_us: Option<f64>,
    pub(super) bytes_per_delivery: usize,
    pub(super) lost: u64,
    pub(super) latency_p50_ms: f64,
    pub(super) latency_p99_ms: f64,
}

pub(super) fn run(measured: &Measured, load: Load, time: Duration) -> anyhow::Result<Figures> {
    let mut crowd = measured.crowd(load.clients)?;
    let mut publisher = measured.publisher(Way::Socket)?;
    let bytes = bytes_of_one(&mut crowd, &mut publisher, load)?;
    let mut beside = Beside::start(load, bytes)?;
    let share = load.period / u32::try_from(1 + beside.0.len())?;
    let (warm, count) = (rounds(load, WARM).max(WARM_ROUNDS), rounds(load, time));
    let (mut used, mut due) = (measured.used()?, Instant::now());
    for round in 0..warm + count {
        if round == warm {
            settle(&mut crowd, &mut publisher, warm, load)?;
            crowd.forget();
            beside.settle()?;
            used = measured.used()?;
            due = Instant::now();
        }
        crowd.published();
        publisher.publish(load.burst)?;
        due += share;
        crowd.until(due.saturating_duration_since(Instant::now()), |_| false)?;
        beside.turn(&mut due, share)?;
    }
    settle(&mut crowd, &mut publisher, count, load)?;
    let used = measured.used()?.since(&used);
    publisher.stop();
    let limits = beside.stop()?;
    let seen = crowd.seen;
    ensure!(seen.deliveries > 0, "nothing was delivered");
    ensure!(seen.duplicated + seen.reordered + seen.gaps + seen.closed == 0, "not as published: {seen:?}");
    let all = deliveries(count, load);
    let of_one = |used: &Duration| used.as_secs_f64() * 1e6 / all as f64;
    Ok(Figures {
        us_per_delivery: used.as_secs_f64() * 1e6 / seen.deliveries as f64,
        limit_send_us: of_one(&limits[0]),
        limit_batch_us: limits.get(1).map(of_one),
        bytes_per_delivery: usize::try_from(seen.bytes / seen.deliveries)?,
        lost: all - seen.deliveries.min(all),
        latency_p50_ms: crowd.latency_ms(0.5),
        latency_p99_ms: crowd.latency_ms(0.99),
    })
}

/// How long a message is on the wire, found out with the first.
fn bytes_of_one(crowd: &mut Crowd, publisher: &mut Publisher, load: Load) -> anyhow::Result<usize> {
    crowd.forget();
    publisher.publish(load.burst)?;
    settle(crowd, publisher, 1, load)?;
    ensure!(crowd.seen.deliveries > 0, "nothing was delivered");
    let bytes = crowd.seen.bytes / crowd.seen.deliveries;
    crowd.forget();
    Ok(usize::try_from(bytes)?)
}

/// Waits for what was published in so many rounds.
fn settle(crowd: &mut Crowd, publisher: &mut Publisher, rounds: u64, load: Load) -> anyhow::Result<()> {
    publisher.finish()?;
    let all = deliveries(rounds, load);
    crowd.until(TAIL, |crowd| crowd.seen.deliveries >= all)?;
    Ok(())
}

fn deliveries(rounds: u64, load: Load) -> u64 {
    rounds * load.burst as u64 * load.clients as u64
}

fn rounds(load: Load, time: Duration) -> u64 {
    (time.as_millis() / load.period.as_millis()).max(1) as u64
}

/// Plain sending, in the pauses of what is measured: each way to connections of its own, since how the system answers
/// depends on how much a connection has carried, and how long ago.
struct Beside(Vec<Sender>);

struct Sender {
    limit: Limit,
    order: Order,
    asked: usize,
    answered: usize,
    used: Duration,
}

impl Beside {
    fn start(load: Load, bytes: usize) -> anyhow::Result<Self> {
        let ways: &[bool] = if load.burst > 1 { &[false, true] } else { &[false] };
        let orders = ways.iter().map(|&joined| Order { messages: load.burst, joined });
        orders.map(|order| Sender::start(load.clients, bytes, order)).collect::<anyhow::Result<_>>().map(Self)
    }

    fn turn(&mut self, due: &mut Instant, share: Duration) -> anyhow::Result<()> {
        for sender in &mut self.0 {
            *due += share;
            sender.turn(*due)?;
        }
        Ok(())
    }

    /// What was counted so far was for warming up.
    fn settle(&mut self) -> anyhow::Result<()> {
        for sender in &mut self.0 {
            sender.heard_all()?;
            sender.used = Duration::ZERO;
        }
        Ok(())
    }

    /// What each way used, one message a call first.
    fn stop(self) -> anyhow::Result<Vec<Duration>> {
        let ended = self.0.into_iter().map(|mut sender| {
            sender.heard_all()?;
            sender.limit.stop();
            Ok(sender.used)
        });
        ended.collect()
    }
}

impl Sender {
    fn start(clients: usize, bytes: usize, order: Order) -> anyhow::Result<Self> {
        let limit = Limit::start(clients, bytes)?;
        Ok(Self { limit, order, asked: 0, answered: 0, used: Duration::ZERO })
    }

    fn turn(&mut self, due: Instant) -> anyhow::Result<()> {
        self.limit.send(self.order)?;
        self.asked += 1;
        self.limit.crowd.until(due.saturating_duration_since(Instant::now()), |_| false)?;
        self.hear()?;
        ensure!(self.asked < self.answered + 20, "the sender does not keep up");
        Ok(())
    }

    fn hear(&mut self) -> anyhow::Result<()> {
        while let Some(used) = self.limit.done()? {
            self.used += used;
            self.answered += 1;
        }
        Ok(())
    }

    fn heard_all(&mut self) -> anyhow::Result<()> {
        let end = Instant::now() + TAIL;
        while self.answered < self.asked {
            ensure!(Instant::now() < end, "the sender has stopped");
            self.limit.crowd.until(Duration::from_millis(1), |_| false)?;
            self.hear()?;
        }
        Ok(())
    }
}
