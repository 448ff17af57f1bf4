//! `signalbox resume`

use super::{
    error::{Error, Exit},
    order::{OrderArgs, order},
    service::Order,
};

/// Lets a paused execution go on
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    order: OrderArgs,
}

pub(super) async fn resume(Args { order: args }: Args) -> Result<Exit, Error> {
    order(Order::Resume, args, None).await
}
