//! What the built-in tools may use.

use super::{ConfigError, Providers, Sources};
use ::tools::{EgressPolicy, Handles, ToolsConfig};
use std::{path::Path, sync::Arc};
use worker::Provider;

#[derive(Clone, Debug)]
pub struct Tools {
    /// The interpreter of `python` steps: a name on PATH, or a path.
    pub python: String,
    /// Where `http` steps may connect to besides the public and private networks.
    pub egress: EgressPolicy,
    /// All of them, but for a server that leaves some to worker processes.
    pub providers: Providers,
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
        let python = python.unwrap_or_else(|| "python3".to_owned());
        Ok(Self { python, egress, providers: Providers::All })
    }

    /// Who does the work in this process, with its files in this folder. `secrets`: those that steps may name; where
    /// there are none, nobody does steps of that type.
    pub fn providers(&self, data: &Path, secrets: Option<Handles>) -> Vec<Arc<dyn Provider>> {
        let mut config = ToolsConfig::new(data);
        config.egress = self.egress.clone();
        config.python.clone_from(&self.python);
        config.secrets = secrets;
        self.providers.choose(config)
    }
}
