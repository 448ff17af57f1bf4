//! `bench hub`: events from a program that publishes to thousands of sockets, through the whole product, alone on a
//! core; beside it, in the same round, what plain sending of the same bytes costs, and peers.

mod cores;
mod crowd;
mod dialect;
mod frames;
mod held;
mod limit;
mod measured;
mod paced;
mod publisher;
mod reconnect;
mod saturated;

use crate::{
    conditions::Conditions,
    engine::{Folder, Place},
    options::{Options, PeerKind},
    report::{Named, Report, Subject},
};
use anyhow::{Context, bail};
use dialect::Dialect;
use measured::Measured;
use paced::Load;
use reconnect::How;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    /// Nothing but sending, one message a call.
    LimitSend,
    /// The same, 16 messages a call.
    LimitBatch,
    /// 1,000 clients, 20 messages a second.
    F1Of1000,
    /// 5,000 clients, 4 messages a second.
    F1Of5000,
    /// 1,000 clients, 5 bursts of 10 a second.
    F2,
    /// 1,000 clients, all that goes through.
    F3,
    /// Ten clients that do not read.
    Slow,
    /// 1,000 clients that come back at once.
    Reconnect,
    /// 5,000 clients for whom nothing happens.
    Idle,
}

const CASES: [Case; 9] = [
    Case::LimitSend,
    Case::LimitBatch,
    Case::F1Of1000,
    Case::F1Of5000,
    Case::F2,
    Case::F3,
    Case::Slow,
    Case::Reconnect,
    Case::Idle,
];

/// Bytes of a frame of the product for a payload of 256, where the product itself is not asked.
const FRAME_BYTES: usize = 500;

impl Case {
    fn name(self) -> &'static str {
        match self {
            Case::LimitSend => "limit-send",
            Case::LimitBatch => "limit-batch",
            Case::F1Of1000 => "f1-1000",
            Case::F1Of5000 => "f1-5000",
            Case::F2 => "f2",
            Case::F3 => "f3",
            Case::Slow => "slow",
            Case::Reconnect => "reconnect",
            Case::Idle => "idle",
        }
    }

    fn load(self) -> Option<Load> {
        let load = |clients, period_ms, burst| Load { clients, period: Duration::from_millis(period_ms), burst };
        match self {
            Case::F1Of1000 => Some(load(1_000, 50, 1)),
            Case::F1Of5000 => Some(load(5_000, 250, 1)),
            Case::F2 => Some(load(1_000, 200, 10)),
            _ => None,
        }
    }
}

/// Runs every case in interleaved rounds and prints the medians.
///
/// # Errors
/// When the server fails, or does something else than it should.
pub(crate) async fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let (rounds, time) = if options.quick { (1, Duration::from_secs(2)) } else { (3, Duration::from_secs(6)) };
    let cases = chosen(&options.cases)?;
    let folder = Folder::new()?;
    let mut conditions = Conditions::look(options.store.name(), folder.path(), options.quick);
    conditions.say("payload_bytes", publisher::PAYLOAD.into());
    conditions.say("server_core", cores::SERVER.into());
    conditions.say("clients_core", cores::CLIENTS.into());
    conditions.say("published_by", "f1, f2: /api/ws; else POST /api/v1/events".into());
    let peers: &[Dialect] = match options.peer {
        Some(PeerKind::Realtime) => &[Dialect::Ws, Dialect::SocketIo],
        None => &[],
        Some(PeerKind::Restate) => bail!("restate is a peer of `bench engine`"),
    };
    let mut named = Vec::new();
    cores::pin(cores::CLIENTS)?;
    for round in 1..=rounds {
        for case in &cases {
            let began = Instant::now();
            let data = folder.path().join(format!("{}-{round}", case.name()));
            let place = Place::of(options.store, data).await?;
            one(*case, &place, time, options.quick, report).await.with_context(|| format!("case {}", case.name()))?;
            for (index, dialect) in peers.iter().enumerate() {
                let peer = Measured::peer(*dialect).await?;
                if named.len() == index {
                    named.push(Named { name: peer.version.clone(), store: "memory" });
                }
                of_peer(*case, &peer, index, time, report)
                    .with_context(|| format!("case {} of a peer", case.name()))?;
                peer.kill().await?;
            }
            eprintln!("round {round}/{rounds} {:<11} {:.1} s", case.name(), began.elapsed().as_secs_f64());
        }
    }
    report.print(&conditions, &named);
    Ok(())
}

async fn one(case: Case, place: &Place, time: Duration, quick: bool, report: &mut Report) -> anyhow::Result<()> {
    let name = case.name();
    if let Some(load) = case.load() {
        let product = Measured::product(place).await?;
        let figures = paced::run(&product, load, time)?;
        product.kill().await?;
        report.add(name, "us_per_delivery", "us", figures.us_per_delivery);
        report.add(name, "limit_send_us", "us", figures.limit_send_us);
        report.add(name, "ratio_to_limit_send", "1", figures.us_per_delivery / figures.limit_send_us);
        if let Some(joined) = figures.limit_batch_us {
            report.add(name, "limit_batch_us", "us", joined);
            report.add(name, "ratio_to_limit_batch", "1", figures.us_per_delivery / joined);
        }
        report.add(name, "bytes_per_delivery", "B", figures.bytes_per_delivery as f64);
        report.add(name, "lost", "1", figures.lost as f64);
        report.add(name, "latency_p50_ms", "ms", figures.latency_p50_ms);
        report.add(name, "latency_p99_ms", "ms", figures.latency_p99_ms);
        return Ok(());
    }
    match case {
        Case::LimitSend | Case::LimitBatch => {
            let joined = if case == Case::LimitSend { 1 } else { 16 };
            let (per_s, us) = saturated::limit(FRAME_BYTES, joined, time)?;
            report.add(name, "messages_per_s", "1/s", per_s);
            report.add(name, "us_per_message", "us", us);
        }
        Case::F3 => {
            let product = Measured::product(place).await?;
            let figures = saturated::run(&product, time)?;
            product.kill().await?;
            let (per_s, _) = saturated::limit(figures.bytes_per_delivery, 64, time)?;
            report.add(name, "deliveries_per_s", "1/s", figures.deliveries_per_s);
            report.add(name, "limit_batch_per_s", "1/s", per_s);
            report.add(name, "ratio_to_limit_batch", "1", figures.deliveries_per_s / per_s);
            report.add(name, "us_per_delivery", "us", figures.us_per_delivery);
            report.add(name, "bytes_per_delivery", "B", figures.bytes_per_delivery as f64);
            report.add(name, "lost", "1", figures.lost as f64);
            report.add(name, "not_in_order", "1", figures.not_in_order as f64);
        }
        Case::Slow => {
            let product = Measured::product(place).await?;
            let figures = held::slow(&product, quick.then_some(20_000))?;
            product.kill().await?;
            report.add(name, "held_kib_per_client", "KiB", figures.held_kib);
            report.add(name, "missed_while_paused", "1", figures.missed as f64);
            report.add(name, "lost", "1", figures.lost as f64);
            report.add(name, "not_in_order", "1", figures.not_in_order as f64);
            report.add(name, "gaps_told", "1", figures.gaps as f64);
            report.add(name, "catch_up_s", "s", figures.catch_up_s);
        }
        Case::Reconnect => {
            for (how, back, wrong) in [
                (How::Dropped, "back_s", "wrong"),
                (How::Terminated, "back_s_sigterm", "wrong_sigterm"),
                (How::Killed, "back_s_sigkill", "wrong_sigkill"),
            ] {
                let figures = reconnect::run(place, how).await.with_context(|| format!("{how:?}"))?;
                let reconnect::Figures { lost, duplicated, reordered, gaps, .. } = figures;
                eprintln!("{how:?}: lost {lost}, duplicated {duplicated}, reordered {reordered}, gaps {gaps}");
                report.add(name, back, "s", figures.back_s);
                report.add(name, wrong, "1", (lost + duplicated + reordered + gaps) as f64);
            }
        }
        Case::Idle => {
            let product = Measured::product(place).await?;
            let figures = held::idle(&product)?;
            product.kill().await?;
            report.add(name, "kib_per_connection", "KiB", figures.kib);
            report.add(name, "kib_per_connection_after_a_burst", "KiB", figures.kib_after_a_burst);
        }
        Case::F1Of1000 | Case::F1Of5000 | Case::F2 => unreachable!("handled above"),
    }
    Ok(())
}

/// A peer's side of a case, where it has one: peers keep nothing, so nobody catches up.
fn of_peer(case: Case, peer: &Measured, index: usize, time: Duration, report: &mut Report) -> anyhow::Result<()> {
    let name = case.name();
    let mut add = |metric, unit, value| report.add_of(Subject::Peer(index), name, metric, unit, value);
    if let Some(load) = case.load() {
        let figures = paced::run(peer, load, time)?;
        add("us_per_delivery", "us", figures.us_per_delivery);
        add("ratio_to_limit_send", "1", figures.us_per_delivery / figures.limit_send_us);
        if let Some(joined) = figures.limit_batch_us {
            add("ratio_to_limit_batch", "1", figures.us_per_delivery / joined);
        }
        add("bytes_per_delivery", "B", figures.bytes_per_delivery as f64);
        add("latency_p99_ms", "ms", figures.latency_p99_ms);
    } else if case == Case::Idle {
        let figures = held::idle(peer)?;
        add("kib_per_connection", "KiB", figures.kib);
        add("kib_per_connection_after_a_burst", "KiB", figures.kib_after_a_burst);
    }
    Ok(())
}

fn chosen(names: &[String]) -> anyhow::Result<Vec<Case>> {
    if let Some(unknown) = names.iter().find(|name| CASES.iter().all(|case| case.name() != *name)) {
        bail!("there is no case `{unknown}`: the cases are {}", CASES.map(Case::name).join(", "));
    }
    Ok(CASES.into_iter().filter(|case| names.is_empty() || names.iter().any(|name| name == case.name())).collect())
}
