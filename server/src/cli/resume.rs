//! `signalbox resume`

use super::{
    error::{Error, Exit},
    flags::TargetFlags,
    order::order,
    service::Order,
};
use protocol::ExecutionId;

/// Lets a paused execution go on
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The execution
    id: ExecutionId,
    #[command(flatten)]
    target: TargetFlags,
    /// Print the execution as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn resume(args: Args) -> Result<Exit, Error> {
    order(Order::Resume, args.id, None, &args.target, args.json).await
}
