//! `signalbox show`

use super::{
    error::{Error, Exit},
    flags::AnswerFlags,
    output::{line, table},
    service::using,
};
use protocol::ExecutionId;

/// Shows one execution with its input and result
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The execution
    id: ExecutionId,
    #[command(flatten)]
    answer: AnswerFlags,
}

pub(super) async fn show(args: Args) -> Result<Exit, Error> {
    let detail = using(&args.answer.target, async |service| service.execution(args.id).await).await?;
    if args.answer.json {
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
