//! Random histories: clients subscribe, pause, drop and come back while events are committed and published, and
//! for each client and topic nothing is missing, double or out of order, or a gap was told, for a reason.
//!
//! `SIGNALBOX_FULL=1` runs many more seeds. A failing seed is in the panic's message; `SIGNALBOX_SEED=n` runs it
//! alone.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

#[path = "history/client.rs"]
mod client;
mod memory_log;
mod memory_wire;

use client::Client;
use hub::{Hub, HubConfig};
use memory_log::{MemoryLog, Random, alert, memory, step};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;

const CLIENTS: u64 = 6;

#[test]
fn every_client_sees_each_event_of_its_topics_once_and_in_order() {
    for seed in seeds() {
        let told = std::panic::catch_unwind(|| history(seed));
        assert!(told.is_ok(), "SIGNALBOX_SEED={seed} fails");
    }
}

fn seeds() -> std::ops::Range<u64> {
    if let Ok(seed) = std::env::var("SIGNALBOX_SEED") {
        let seed = seed.parse().unwrap();
        return seed..seed + 1;
    }
    match std::env::var("SIGNALBOX_FULL") {
        Ok(full) if full == "1" => 1..2_000,
        _ => 1..25,
    }
}

/// One history in virtual time.
fn history(seed: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut random = Random::new(seed);
        let log = MemoryLog::new("e1");
        for _ in 0..random.below(60) {
            commit(&log, &mut random);
        }
        let mut config = HubConfig::default();
        config.limits.queue_bytes = *random.pick(&[2_000, 6_000, 20_000, 1 << 20]);
        config.queue_age_ms = *random.pick(&[20, 15_000]);
        if random.below(4) > 0 {
            log.pause_before_pages(seed);
        }
        let may_fail = random.below(3) == 0;
        let hub = Hub::new(log.clone(), config);
        let mut tasks = JoinSet::new();
        tasks.spawn(publisher(hub.clone(), log.clone(), Random::new(seed ^ 0xABCD), may_fail));
        for number in 0..CLIENTS {
            let random = Random::new(seed.wrapping_mul(1_000).wrapping_add(number));
            let client = Client::new(number, hub.clone(), log.clone(), random, may_fail);
            tasks.spawn(client.live());
        }
        while let Some(done) = tokio::time::timeout(Duration::from_secs(3_600), tasks.join_next()).await.unwrap() {
            done.unwrap();
        }
        hub.shutdown().await;
        assert_eq!(hub.health().connections, 0);
    });
}

/// Commits and publishes, at times several commits at once, at times late, at times leaving some out.
async fn publisher(hub: Arc<Hub>, log: Arc<MemoryLog>, mut random: Random, may_fail: bool) {
    let leaves_out = random.below(5) == 0;
    for _ in 0..random.below(100) + 20 {
        let mut batch = Vec::new();
        for _ in 0..*random.pick(&[1, 1, 1, 2, 3, 15]) {
            let events = commit(&log, &mut random);
            if !leaves_out || random.below(50) > 0 {
                batch.extend(events);
            }
        }
        match random.below(6) {
            0 => tokio::time::sleep(Duration::from_millis(random.below(40))).await,
            1 => tokio::task::yield_now().await,
            _ => {}
        }
        if may_fail && random.below(40) == 0 {
            log.fail_next(random.below(12));
        }
        hub.publish(batch).await;
        match random.below(4) {
            0 => tokio::time::sleep(Duration::from_millis(random.below(30))).await,
            1 => tokio::task::yield_now().await,
            _ => {}
        }
    }
    log.fail_next(0);
    // What was left out at the very end is noticed with the next event.
    hub.publish(log.commit(alert("last"))).await;
}

fn commit(log: &MemoryLog, random: &mut Random) -> Vec<Arc<protocol::Envelope>> {
    match random.below(10) {
        0 => log.commit(alert(&"x".repeat(random.below(3_000) as usize))),
        1 | 2 => log.commit(memory(random.pick::<&str>(&["a", "b"]))),
        _ => log.commit(step(random.below(3), random.pick::<&str>(&["p", "q"]))),
    }
}
