//! `signalbox cancel`

use super::{
    error::{Error, Exit},
    order::{ReasonedArgs, order},
    service::Order,
};

/// Cancels an execution: steps with arcs `on: cancelled` go on there, everything else stops
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    order: ReasonedArgs,
}

pub(super) async fn cancel(Args { order: args }: Args) -> Result<Exit, Error> {
    order(Order::Cancel, args.order, args.reason).await
}
