//! Commands that tell an execution one word.

use super::{
    error::{Error, Exit},
    flags::TargetFlags,
    output::line,
    service::{Order, locate},
};
use protocol::{ExecutionId, Phase};

#[derive(Debug, clap::Args)]
pub(super) struct OrderArgs {
    /// The execution
    id: ExecutionId,
    #[command(flatten)]
    target: TargetFlags,
    /// Print the execution as JSON
    #[arg(long)]
    json: bool,
}

/// Of an order that history gives a reason for.
#[derive(Debug, clap::Args)]
pub(super) struct ReasonedArgs {
    #[command(flatten)]
    pub(super) order: OrderArgs,
    /// Why; it is kept in the history
    #[arg(long)]
    pub(super) reason: Option<String>,
}

pub(super) async fn order(order: Order, args: OrderArgs, reason: Option<String>) -> Result<Exit, Error> {
    let OrderArgs { id, target, json } = args;
    let service = locate(&target).await?;
    let told = service.tell(id, order, reason).await;
    service.close().await;
    let detail = told?;
    if json {
        line::json(&detail)?;
        return Ok(Exit::Done);
    }
    let done = match order {
        Order::Cancel if detail.summary.status != Phase::Completed => "is being cancelled: its cleanup runs",
        Order::Cancel => "cancelled",
        Order::Terminate => "terminated",
        Order::Pause => "paused",
        Order::Resume => "resumed",
    };
    line::print(format_args!("{id} {done}"))?;
    Ok(Exit::Done)
}
