//! `signalbox cancel`

use super::{
    error::{Error, Exit},
    flags::TargetFlags,
    output::line,
    service::locate,
};
use protocol::ExecutionId;

/// Cancels an execution
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

pub(super) async fn cancel(args: Args) -> Result<Exit, Error> {
    let service = locate(&args.target).await?;
    let cancelled = service.cancel(args.id, args.reason).await;
    service.close().await;
    let detail = cancelled?;
    if args.json {
        line::json(&detail)?;
    } else {
        line::print(format_args!("{} cancelled", args.id))?;
    }
    Ok(Exit::Done)
}
