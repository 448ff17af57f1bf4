//! `signalbox prune`

use super::{
    error::{Error, Exit},
    flags::LocalFlags,
    output::line,
    upkeep,
};
use protocol::Timestamp;
use store::Pruned;

const DAY_MS: i64 = 86_400_000;
/// Executions of one transaction.
const LIMIT: u32 = 500;

/// Removes executions that ended long ago, with all their events
///
/// A running server does so by itself: see `retention_days`. The execution of the newest event always stays.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Those that ended at least so many days ago
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=36_500))]
    days: u32,
    #[command(flatten)]
    local: LocalFlags,
}

pub(super) async fn prune(args: Args) -> Result<Exit, Error> {
    let alone = upkeep::open(&args.local).await?;
    let before = Timestamp(upkeep::now().0 - i64::from(args.days) * DAY_MS);
    let mut all = Pruned::default();
    let pruned = loop {
        match alone.store.prune(before, LIMIT).await {
            Ok(pruned) if pruned.executions > 0 => {
                all.executions += pruned.executions;
                all.events += pruned.events;
            }
            ended => break ended,
        }
    };
    alone.close().await;
    pruned?;
    line::print(format_args!("{} executions with {} events are gone", all.executions, all.events))?;
    Ok(Exit::Done)
}
