//! `signalbox workers`

use super::{
    error::{Error, Exit},
    flags::TargetFlags,
    output::{line, table},
    service::locate,
};

/// Lists the worker processes connected to the server
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    target: TargetFlags,
    /// Print one worker per line as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn workers(args: Args) -> Result<Exit, Error> {
    let service = locate(&args.target).await?;
    let list = service.workers().await;
    service.close().await;
    for worker in list?.workers {
        if args.json {
            line::json(&worker)?;
        } else {
            line::print(format_args!("{}", table::worker(&worker)))?;
        }
    }
    Ok(Exit::Done)
}
