//! `signalbox approvals`

use super::{
    error::{Error, Exit},
    flags::AnswerFlags,
    output::{line, table},
    service::using,
};
use protocol::{ExecutionId, api::ApprovalQuery};

/// Lists the steps that wait for a person, those that wait the longest first
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Of this playbook
    #[arg(long)]
    path: Option<String>,
    /// Of this execution
    #[arg(long, value_name = "ID")]
    execution: Option<ExecutionId>,
    /// 1 to 500
    #[arg(long)]
    limit: Option<u32>,
    #[command(flatten)]
    answer: AnswerFlags,
}

pub(super) async fn approvals(args: Args) -> Result<Exit, Error> {
    let query = ApprovalQuery { path: args.path, execution_id: args.execution, limit: args.limit, cursor: None };
    let page = using(&args.answer.target, async |service| service.approvals(query).await).await?;
    line::each(&page.approvals, args.answer.json, table::approval)?;
    Ok(Exit::Done)
}
