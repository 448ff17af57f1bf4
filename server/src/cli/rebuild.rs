//! `signalbox rebuild`

use super::{
    error::{Error, Exit},
    flags::LocalFlags,
    output::line,
    upkeep,
};

/// Computes the tables of executions anew from the event log
///
/// For when somebody changed them by hand, or a defect is suspected. Nothing is committed meanwhile.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    local: LocalFlags,
}

pub(super) async fn rebuild(args: Args) -> Result<Exit, Error> {
    let alone = upkeep::open(&args.local).await?;
    let rebuilt = alone.store.rebuild().await;
    alone.close().await;
    let rebuilt = rebuilt?;
    line::print(format_args!("{} executions from {} events", rebuilt.executions, rebuilt.events))?;
    Ok(Exit::Done)
}
