//! Commands that tell an execution one word.

use super::{
    error::{Error, Exit},
    flags::TargetFlags,
    output::line,
    service::{Order, locate},
};
use protocol::{ExecutionId, Phase};

pub(super) async fn order(
    order: Order,
    id: ExecutionId,
    reason: Option<String>,
    target: &TargetFlags,
    json: bool,
) -> Result<Exit, Error> {
    let service = locate(target).await?;
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
