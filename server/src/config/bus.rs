//! What carries wake-ups between hub nodes.

use super::{ConfigError, Sources};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bus {
    /// Within this process.
    Memory,
}

pub(super) fn read(sources: &Sources) -> Result<Bus, ConfigError> {
    let Some(given) = sources.pick("bus", |layer| layer.bus.clone()) else { return Ok(Bus::Memory) };
    // The value is never repeated: a Redis URL holds a password.
    match given.value.as_str() {
        "memory" => Ok(Bus::Memory),
        url if url.starts_with("redis:") || url.starts_with("rediss:") => {
            Err(given.cannot("Redis is not part of this version; use memory"))
        }
        _ => Err(given.cannot("is no bus this version knows; use memory")),
    }
}
