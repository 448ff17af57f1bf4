//! `signalbox rerun`

use super::{
    error::{Error, Exit},
    flags::AnswerFlags,
    output::line,
    service::using,
    source,
};
use protocol::{ExecutionId, api::RerunRequest};

/// Runs an execution again, as a new one
///
/// From where it stopped, if it failed or was cancelled; else from the start.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The execution
    id: ExecutionId,
    /// The step to begin at; `start` does everything anew
    #[arg(long, value_name = "STEP")]
    from: Option<String>,
    /// Another input, an object; @FILE reads it from a file, @- from standard input
    #[arg(long, value_name = "JSON|@FILE")]
    input: Option<String>,
    /// Another version of its playbook
    #[arg(long)]
    version: Option<u32>,
    #[command(flatten)]
    answer: AnswerFlags,
}

pub(super) async fn rerun(args: Args) -> Result<Exit, Error> {
    let input = args.input.as_deref().map(source::input).transpose()?;
    let request = RerunRequest { from: args.from, input, version: args.version, idempotency_key: None };
    let submitted = using(&args.answer.target, async |service| service.rerun(args.id, request).await).await?;
    line::one(&submitted, args.answer.json, |submitted| submitted.execution_id.to_string())?;
    Ok(Exit::Done)
}
