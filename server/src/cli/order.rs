//! Commands that tell an execution one word.

use super::{
    error::{Error, Exit},
    flags::AnswerFlags,
    output::line,
    service::{Order, using},
};
use protocol::{ExecutionId, Phase};

#[derive(Debug, clap::Args)]
pub(super) struct OrderArgs {
    /// The execution
    id: ExecutionId,
    #[command(flatten)]
    answer: AnswerFlags,
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
    let OrderArgs { id, answer } = args;
    let detail = using(&answer.target, async |service| service.tell(id, order, reason).await).await?;
    let done = match order {
        Order::Cancel if detail.summary.status != Phase::Completed => "is being cancelled: its cleanup runs",
        Order::Cancel => "cancelled",
        Order::Terminate => "terminated",
        Order::Pause => "paused",
        Order::Resume => "resumed",
    };
    line::one(&detail, answer.json, |_| format!("{id} {done}"))?;
    Ok(Exit::Done)
}
