//! What the built-in tools may use.

use super::{ConfigError, Sources};
use ::tools::EgressPolicy;

#[derive(Clone, Debug)]
pub struct Tools {
    /// The interpreter of `python` steps: a name on PATH, or a path.
    pub python: String,
    /// Where `http` steps may connect to besides the public and private networks.
    pub egress: EgressPolicy,
}

impl Tools {
    /// # Errors
    /// Names the flag, variable or file and key that is wrong.
    pub fn read(sources: &Sources) -> Result<Self, ConfigError> {
        let mut egress = EgressPolicy::default();
        if let Some(given) = sources.pick("http_allow", |layer| layer.http_allow.clone()) {
            for entry in &given.value {
                egress.allow.push(entry.parse().map_err(|error| given.cannot(format!("{error}")))?);
            }
        }
        let python = sources.pick("python", |layer| layer.python.clone()).map(|given| given.value);
        Ok(Self { python: python.unwrap_or_else(|| "python3".to_owned()), egress })
    }
}
