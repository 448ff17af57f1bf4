//! `signalbox workers`

use super::{
    error::{Error, Exit},
    flags::AnswerFlags,
    output::{line, table},
    service::using,
};

/// Lists the worker processes connected to the server
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    answer: AnswerFlags,
}

pub(super) async fn workers(Args { answer: args }: Args) -> Result<Exit, Error> {
    let list = using(&args.target, async |service| service.workers().await).await?;
    line::each(&list.workers, args.json, table::worker)?;
    Ok(Exit::Done)
}
