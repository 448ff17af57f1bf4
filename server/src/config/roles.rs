//! Which components this process plays.

use super::{ConfigError, Sources};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roles {
    /// All of them, with the hub.
    All,
}

const KNOWN: [&str; 6] =
    ["hub", "queue_manager", "dependency_resolver", "protocol_registry", "persistence", "execution_engine"];

pub(super) fn read(sources: &Sources) -> Result<Roles, ConfigError> {
    let Some(given) = sources.pick("roles", |layer| layer.roles.clone()) else { return Ok(Roles::All) };
    match given.value.iter().find(|role| *role != "all") {
        None => Ok(Roles::All),
        Some(role) if KNOWN.contains(&role.as_str()) => {
            Err(given
                .cannot(format!("this version runs every role in one process; `{role}` alone is not possible yet")))
        }
        Some(role) => Err(given.cannot(format!("`{role}` is no role; use all"))),
    }
}
