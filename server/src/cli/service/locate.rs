//! Finding the service a command is meant for.

use super::{Service, embedded::Embedded, remote::Remote};
use crate::{
    Wiring,
    cli::{error::Error, flags::TargetFlags},
};
use protocol::Problem;
use runtime::Membership;
use std::time::Duration;
use store::{DataDir, StoreError};
use tokio::time::{Instant, sleep};

/// A folder that is taken without an address belongs to a server that is starting, or to another command.
const STARTING: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Does one thing with the service a command is meant for, and lets go of it, whatever came of it.
pub(in crate::cli) async fn using<T>(
    flags: &TargetFlags,
    act: impl AsyncFnOnce(&dyn Service) -> Result<T, Problem>,
) -> Result<T, Error> {
    let service = locate(flags).await?;
    let done = act(service.as_ref()).await;
    service.close().await;
    Ok(done?)
}

/// The server named; else the one that holds the data folder; else the folder itself, in this process.
pub(in crate::cli) async fn locate(flags: &TargetFlags) -> Result<Box<dyn Service>, Error> {
    let config = flags.read();
    if let Some(server) = &flags.server {
        config?;
        return Ok(Box::new(Remote::new(server, token())?));
    }
    let config = config?;
    let name = format!("cli:{}", std::process::id());
    let deadline = Instant::now() + STARTING;
    loop {
        match Wiring::open(&config, &name, Membership::Visitor).await {
            Ok(wiring) => return Ok(Box::new(Embedded::new(wiring))),
            Err(StoreError::Locked { url: Some(url), .. }) => {
                // Whoever can read the folder could open the store itself.
                let token = token().or_else(|| DataDir::server_key(&config.data));
                return Ok(Box::new(Remote::new(&url, token)?));
            }
            Err(StoreError::Locked { url: None, .. }) if Instant::now() < deadline => sleep(LOOK_AGAIN).await,
            Err(StoreError::Locked { path, url: None }) => {
                return Err(Error::failed(format!(
                    "the data folder {path} is in use by another command; wait for its end, or start `signalbox \
                     serve` there, which many commands can use at once"
                )));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// What proves who asks. Not a flag: other users can see those.
fn token() -> Option<String> {
    std::env::var("SIGNALBOX_TOKEN").ok().map(|token| token.trim().to_owned()).filter(|token| !token.is_empty())
}
