//! Ten steps, each waiting for the one before.

use super::{
    house::{Figures, House, warm_chain},
    playbooks::{CHAIN, CHAIN_STEPS},
};
use futures::future::try_join_all;
use std::time::{Duration, Instant};

/// One chain at a time.
pub(crate) async fn sequential(house: &House, time: Duration) -> anyhow::Result<Figures> {
    at_once(house, 1, time).await
}

/// `lanes` chains at any moment: when one ends, the next begins.
pub(crate) async fn at_once(house: &House, lanes: usize, time: Duration) -> anyhow::Result<Figures> {
    warm_chain(house).await?;
    let until = Instant::now() + time;
    let lane = async || {
        while Instant::now() < until {
            house.run_one(CHAIN).await?;
        }
        anyhow::Ok(())
    };
    let all = async { try_join_all((0..lanes).map(|_| lane())).await.map(|_| ()) };
    house.measure(CHAIN_STEPS, all).await
}

/// `count` chains submitted together; when the last has ended, again, until the time is over.
pub(crate) async fn together(house: &House, count: u64, time: Duration) -> anyhow::Result<Figures> {
    warm_chain(house).await?;
    let until = Instant::now() + time;
    let load = async {
        while Instant::now() < until {
            let mut ended = house.store.ended();
            let goal = *ended.borrow_and_update() + count;
            try_join_all((0..count).map(|_| house.submit(CHAIN))).await?;
            ended.wait_for(|ended| *ended >= goal).await?;
        }
        Ok(())
    };
    house.measure(CHAIN_STEPS, load).await
}
