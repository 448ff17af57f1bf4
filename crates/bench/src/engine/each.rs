//! One iterator, each of its items a durable task; and a long history read back.

use super::{
    house::{Figures, House, warm},
    playbooks::{self, EACH},
};
use std::time::{Duration, Instant};

/// One execution after the other, until the time is over.
pub(crate) async fn run(house: &House, items: u64, time: Duration) -> anyhow::Result<Figures> {
    warm(house, &playbooks::each(items), EACH).await?;
    let until = Instant::now() + time;
    let load = async {
        while Instant::now() < until {
            house.run_one(EACH).await?;
        }
        Ok(())
    };
    house.measure_items(items, load).await
}

/// What a history of many events costs.
pub(crate) struct History {
    pub(crate) events: u64,
    /// From submission to end, seconds.
    pub(crate) run_s: f64,
    /// Reading and folding the whole, as a page or a restart does, seconds.
    pub(crate) fold_s: f64,
}

/// One execution of about `events` events (an item leaves two), then the whole of it read and folded.
pub(crate) async fn history(house: &House, events: u64) -> anyhow::Result<History> {
    house.register(&playbooks::each(events / 2)).await?;
    let began = Instant::now();
    let id = house.run_one(EACH).await?;
    let run_s = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let view = house.api.execution_view(id).await?;
    let fold_s = began.elapsed().as_secs_f64();
    Ok(History { events: view.events_omitted + view.events.len() as u64, run_s, fold_s })
}
