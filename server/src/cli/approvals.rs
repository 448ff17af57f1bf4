//! `signalbox approvals`

use super::{
    error::{Error, Exit},
    flags::TargetFlags,
    output::{line, table},
    service::locate,
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
    target: TargetFlags,
    /// Print one approval per line as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn approvals(args: Args) -> Result<Exit, Error> {
    let service = locate(&args.target).await?;
    let query = ApprovalQuery { path: args.path, execution_id: args.execution, limit: args.limit, cursor: None };
    let page = service.approvals(query).await;
    service.close().await;
    for approval in page?.approvals {
        if args.json {
            line::json(&approval)?;
        } else {
            line::print(format_args!("{}", table::approval(&approval)))?;
        }
    }
    Ok(Exit::Done)
}
