//! `signalbox list`

use super::{
    error::{Error, Exit},
    flags::AnswerFlags,
    output::{line, table},
    service::using,
};
use protocol::api::ExecutionQuery;

/// Lists executions, newest first
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// queued, running, completed, failed, cancelled; several by comma
    #[arg(long)]
    status: Option<String>,
    /// Of this playbook
    #[arg(long)]
    path: Option<String>,
    /// 1 to 500
    #[arg(long)]
    limit: Option<u32>,
    #[command(flatten)]
    answer: AnswerFlags,
}

pub(super) async fn list(args: Args) -> Result<Exit, Error> {
    let query = ExecutionQuery { status: args.status, path: args.path, limit: args.limit, ..ExecutionQuery::default() };
    let page = using(&args.answer.target, async |service| service.executions(query).await).await?;
    line::each(&page.executions, args.answer.json, table::execution)?;
    Ok(Exit::Done)
}
