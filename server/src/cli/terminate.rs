//! `signalbox terminate`

use super::{
    error::{Error, Exit},
    order::{ReasonedArgs, order},
    service::Order,
};

/// Ends an execution at once, as cancelled
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    order: ReasonedArgs,
}

pub(super) async fn terminate(Args { order: args }: Args) -> Result<Exit, Error> {
    order(Order::Terminate, args.order, args.reason).await
}
