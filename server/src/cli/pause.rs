//! `signalbox pause`

use super::{
    error::{Error, Exit},
    order::{ReasonedArgs, order},
    service::Order,
};

/// Pauses an execution: nothing new begins until it is resumed
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    order: ReasonedArgs,
}

pub(super) async fn pause(Args { order: args }: Args) -> Result<Exit, Error> {
    order(Order::Pause, args.order, args.reason).await
}
