//! One execution, many branches at once, one join.

use super::{
    house::{Figures, House, warm},
    playbooks::{self, FAN},
};
use std::time::{Duration, Instant};

/// One execution after the other, until the time is over.
pub(crate) async fn run(house: &House, branches: u64, time: Duration) -> anyhow::Result<Figures> {
    warm(house, &playbooks::fan(branches), FAN).await?;
    let until = Instant::now() + time;
    let load = async {
        while Instant::now() < until {
            house.run_one(FAN).await?;
        }
        Ok(())
    };
    house.measure(branches, load).await
}
