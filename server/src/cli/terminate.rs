//! `signalbox terminate`

use super::{
    error::{Error, Exit},
    flags::TargetFlags,
    order::order,
    service::Order,
};
use protocol::ExecutionId;

/// Ends an execution at once, as cancelled
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

pub(super) async fn terminate(args: Args) -> Result<Exit, Error> {
    order(Order::Terminate, args.id, args.reason, &args.target, args.json).await
}
