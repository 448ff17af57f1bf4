//! What joins this server with others on the same database.

use super::{ConfigError, Sources, StoreUrl};
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bus {
    /// Nothing: what others commit comes from the log.
    Memory,
    /// Wake-ups, and events that are in no log, over Redis.
    Redis(RedisUrl),
}

/// May hold a password: `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl(String);

impl RedisUrl {
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for RedisUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("redis://…")
    }
}

pub(super) fn read(sources: &Sources, store: &StoreUrl) -> Result<Bus, ConfigError> {
    let Some(given) = sources.pick("bus", |layer| layer.bus.clone()) else { return Ok(Bus::Memory) };
    // The value is never repeated: a Redis URL holds a password.
    match given.value.as_str() {
        "memory" => Ok(Bus::Memory),
        url if url.starts_with("rediss:") => {
            Err(given
                .cannot("names a Redis behind TLS, which this version cannot reach; use redis://, through a tunnel"))
        }
        url if url.starts_with("redis:") => {
            hub::redis::check(url).map_err(|error| given.cannot(error.to_string()))?;
            match store {
                StoreUrl::Postgres(_) => Ok(Bus::Redis(RedisUrl(url.to_owned()))),
                StoreUrl::Sqlite(_) => Err(given.cannot(
                    "Redis joins servers that share a PostgreSQL, and this one has a store of its own; use memory",
                )),
            }
        }
        _ => Err(given.cannot("is no bus this version knows; use memory or redis://HOST:PORT")),
    }
}
