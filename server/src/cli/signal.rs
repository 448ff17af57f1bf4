//! `signalbox signal`

use super::{
    error::{Error, Exit},
    flags::TargetFlags,
    output::line,
    service::locate,
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
    target: TargetFlags,
    /// Print the execution as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn signal(args: Args) -> Result<Exit, Error> {
    let data = args.with.as_deref().map(|given| source::json("--with", given)).transpose()?;
    let request = SignalRequest { name: args.name.clone(), data };
    let service = locate(&args.target).await?;
    let sent = service.signal(args.id, request).await;
    service.close().await;
    let detail = sent?;
    if args.json {
        line::json(&detail)?;
    } else {
        line::print(format_args!("{} got signal {}", args.id, args.name))?;
    }
    Ok(Exit::Done)
}
