//! Configuration: read once, at start, into these structs. One file per concern.
//!
//! Sources, the first that says something wins: flag, environment variable, `signalbox.toml`, default.
//! An unknown key of the file is an error that names key and file; a value this version cannot honour is an
//! error too, never ignored.

mod access;
mod bus;
mod data_dir;
mod error;
mod file;
mod hosts;
mod layer;
mod listen;
mod origins;
mod providers;
mod retention;
mod roles;
mod secrets;
mod site;
mod store;
mod streams;
mod tools;

pub use access::{Access, JwtConfig, JwtKeys, Proxies};
pub use bus::{Bus, RedisUrl};
pub use data_dir::default_data_dir;
pub use error::ConfigError;
pub use layer::{Layer, Sources, unknown_variables};
pub use providers::Providers;
pub use roles::Roles;
pub use secrets::Secrets;
pub use site::Site;
pub use store::{DatabaseUrl, StoreUrl};
pub use streams::Streams;
pub use tools::Tools;

use runtime::Retention;
use std::{net::SocketAddr, path::PathBuf};

/// Everything a server needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// Off loopback only behind a proxy and with authentication; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Host names (`name` or `name:port`) the server answers to besides its own address.
    pub hosts: Vec<String>,
    /// Pages elsewhere that may use it, as browsers write them: `https://app.example`.
    pub origins: Vec<String>,
    pub access: Access,
    pub local: LocalConfig,
    pub bus: Bus,
    pub roles: Roles,
    pub site: Site,
}

/// The part every command that works on a data folder needs.
#[derive(Clone, Debug)]
pub struct LocalConfig {
    pub data: PathBuf,
    pub store: StoreUrl,
    pub tools: Tools,
    pub secrets: Secrets,
    pub retention: Retention,
    pub streams: Streams,
}

impl Config {
    /// # Errors
    /// Names the flag, variable or file and key that is wrong.
    pub fn read(sources: &Sources) -> Result<Self, ConfigError> {
        let site = site::read(sources)?;
        hub_is_here(sources)?;
        let mut local = LocalConfig::read(sources)?;
        local.tools.providers = Providers::read(sources)?;
        let bus = bus::read(sources, &local.store)?;
        let access = access::read(sources)?;
        Ok(Self {
            listen: listen::read(sources, &access)?,
            access,
            hosts: hosts::read(sources)?,
            origins: origins::read(sources)?,
            local,
            bus,
            roles: roles::read(sources)?,
            site,
        })
    }
}

impl LocalConfig {
    /// # Errors
    /// Names the flag, variable or file and key that is wrong.
    pub fn read(sources: &Sources) -> Result<Self, ConfigError> {
        let data = data_dir::read(sources)?;
        let secrets = Secrets::read(sources, std::env::vars_os())?;
        Ok(Self {
            store: store::read(sources, &data)?,
            tools: Tools::read(sources)?,
            secrets,
            retention: retention::read(sources)?,
            streams: Streams::read(sources)?,
            data,
        })
    }
}

fn hub_is_here(sources: &Sources) -> Result<(), ConfigError> {
    match sources.pick("hub", |layer| layer.hub.clone()) {
        Some(given) => Err(given.cannot("this version runs the hub in the same process; leave it out")),
        None => Ok(()),
    }
}
