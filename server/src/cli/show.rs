//! `signalbox show`

use super::{
    error::{Error, Exit},
    flags::TargetFlags,
    output::{line, table},
    service::locate,
};
use protocol::ExecutionId;

/// Shows one execution with its input and result
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The execution
    id: ExecutionId,
    #[command(flatten)]
    target: TargetFlags,
    /// Print it as one line of JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn show(args: Args) -> Result<Exit, Error> {
    let service = locate(&args.target).await?;
    let detail = service.execution(args.id).await;
    service.close().await;
    let detail = detail?;
    if args.json {
        line::json(&detail)?;
        return Ok(Exit::Done);
    }
    line::print(format_args!("{}", table::execution(&detail.summary)))?;
    if let Some(error) = &detail.summary.error {
        line::print(format_args!("error[{}]: {}", error.code, error.message))?;
    }
    line::print(format_args!("input {:#}", detail.input))?;
    if let Some(result) = &detail.result {
        line::print(format_args!("result {result:#}"))?;
    }
    Ok(Exit::Done)
}
