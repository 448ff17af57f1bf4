//! `signalbox pause`

use super::{
    error::{Error, Exit},
    flags::TargetFlags,
    order::order,
    service::Order,
};
use protocol::ExecutionId;

/// Pauses an execution: nothing new begins until it is resumed
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The execution
    id: ExecutionId,
    /// Why; it is kept in the history
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    target: TargetFlags,
    /// Print the execution as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn pause(args: Args) -> Result<Exit, Error> {
    order(Order::Pause, args.id, args.reason, &args.target, args.json).await
}
