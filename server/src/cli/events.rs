//! `signalbox events`

use super::{
    error::{Error, Exit},
    flags::TargetFlags,
    follow::Follow,
    output::{line, table},
    service::{Service, locate},
    stop,
};
use protocol::{Envelope, ExecutionId};

/// Prints an execution's history
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The execution
    id: ExecutionId,
    /// Wait for more until the execution has ended
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    target: TargetFlags,
    /// Print one envelope per line
    #[arg(long)]
    json: bool,
}

pub(super) async fn events(args: Args) -> Result<Exit, Error> {
    let service = locate(&args.target).await?;
    let mut signals = stop::Signals::listen()?;
    let ended = tokio::select! {
        printed = print(service.as_ref(), &args) => printed.map(|()| Exit::Done),
        () = signals.next() => Ok(Exit::Left),
    };
    service.close().await;
    ended
}

async fn print(service: &dyn Service, args: &Args) -> Result<(), Error> {
    let mut follow = Follow::new(service, args.id);
    while let Some(envelope) = next(&mut follow, args.follow).await? {
        if args.json {
            line::json(&envelope)?;
        } else {
            line::print(format_args!("{}", table::event(&envelope)))?;
        }
    }
    Ok(())
}

async fn next(follow: &mut Follow<'_>, waiting: bool) -> Result<Option<Envelope>, Error> {
    if waiting { follow.next().await } else { follow.next_known().await }
}
