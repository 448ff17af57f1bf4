//! `signalbox list`

use super::{
    error::{Error, Exit},
    flags::TargetFlags,
    output::{line, table},
    service::locate,
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
    target: TargetFlags,
    /// Print one execution per line as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn list(args: Args) -> Result<Exit, Error> {
    let service = locate(&args.target).await?;
    let query = ExecutionQuery { status: args.status, path: args.path, limit: args.limit, ..ExecutionQuery::default() };
    let page = service.executions(query).await;
    service.close().await;
    for execution in page?.executions {
        if args.json {
            line::json(&execution)?;
        } else {
            line::print(format_args!("{}", table::execution(&execution)))?;
        }
    }
    Ok(Exit::Done)
}
