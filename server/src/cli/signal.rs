//! `signalbox signal`

use super::{
    error::{Error, Exit},
    flags::AnswerFlags,
    output::line,
    service::using,
    source,
};
use protocol::{ExecutionId, api::SignalRequest};

/// Sends an execution a signal that a `wait` waits for, or will
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The execution
    id: ExecutionId,
    /// The signal
    name: String,
    /// What it brings; @FILE reads it from a file, @- from standard input
    #[arg(long, value_name = "JSON|@FILE")]
    with: Option<String>,
    #[command(flatten)]
    answer: AnswerFlags,
}

pub(super) async fn signal(args: Args) -> Result<Exit, Error> {
    let data = args.with.as_deref().map(|given| source::json("--with", given)).transpose()?;
    let request = SignalRequest { name: args.name.clone(), data };
    let detail = using(&args.answer.target, async |service| service.signal(args.id, request).await).await?;
    line::one(&detail, args.answer.json, |_| format!("{} got signal {}", args.id, args.name))?;
    Ok(Exit::Done)
}
