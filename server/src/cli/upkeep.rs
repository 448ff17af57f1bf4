//! A store opened by a command that looks after it: no runtime, no server, nothing is taken up.

use super::{error::Error, flags::LocalFlags};
use crate::{
    config::{LocalConfig, StoreUrl},
    wiring::Alone,
};
use protocol::Timestamp;
use runtime::{Environment, SystemEnvironment};
use std::os::fd::AsFd;
use store::StoreError;
use tokio::fs::File;

pub(super) fn config(flags: &LocalFlags) -> Result<LocalConfig, Error> {
    let sources = flags.gather(flags.layer(), "warn")?;
    Ok(LocalConfig::read(&sources)?)
}

/// The store, with nobody else on its folder. (PostgreSQL may have servers on it meanwhile.)
pub(super) async fn open(flags: &LocalFlags) -> Result<Alone, Error> {
    let config = config(flags)?;
    Alone::open(&config).await.map_err(|error| match error {
        StoreError::Locked { .. } => Error::failed(format!("{error}: stop it first")),
        error => error.into(),
    })
}

/// The store's URL, for those who read beside its server.
pub(super) fn url(config: &LocalConfig) -> String {
    match &config.store {
        StoreUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
        StoreUrl::Postgres(url) => url.expose().to_owned(),
    }
}

/// Standard input or output, as a file.
pub(super) fn file(standard: impl AsFd) -> Result<File, Error> {
    let owned = standard.as_fd().try_clone_to_owned();
    let owned = owned.map_err(|error| Error::failed(format!("no standard input or output: {error}")))?;
    Ok(File::from_std(owned.into()))
}

pub(super) fn now() -> Timestamp {
    SystemEnvironment::default().now()
}
