//! Whose work this process does itself.

use super::{ConfigError, Sources};
use std::{collections::BTreeSet, path::Path, sync::Arc};
use tools::ToolsConfig;
use worker::Provider;

const SECRETS: &str = "secrets";

/// Step types whose work is done in this process. Tasks of others wait for a worker process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Providers {
    #[default]
    All,
    Only(BTreeSet<String>),
}

impl Providers {
    pub(super) fn read(sources: &Sources) -> Result<Self, ConfigError> {
        let Some(given) = sources.pick("providers", |layer| layer.providers.clone()) else { return Ok(Self::All) };
        Self::parse(&given.value).map_err(|message| given.cannot(message))
    }

    /// `all`, `none`, or step types.
    ///
    /// # Errors
    /// Says which is none.
    pub fn parse(words: &[String]) -> Result<Self, String> {
        match words {
            [all] if all == "all" => return Ok(Self::All),
            [none] if none == "none" => return Ok(Self::Only(BTreeSet::new())),
            [] => return Err("expected all, none, or step types".to_owned()),
            _ => {}
        }
        let known = protocols();
        match words.iter().find(|word| !known.contains(&word.as_str())) {
            Some(word) => Err(format!("`{word}` is no step type this program can do; it can do {}", known.join(", "))),
            None => Ok(Self::Only(words.iter().cloned().collect())),
        }
    }

    /// Those of the built-in providers that do it. What `secrets` steps come to is in the server and nowhere else, so
    /// it always does those itself, and a worker never.
    pub fn choose(&self, config: ToolsConfig) -> Vec<Arc<dyn Provider>> {
        let has_secrets = config.secrets.is_some();
        let is_chosen = |protocol: &str| match self {
            _ if protocol == SECRETS => has_secrets,
            Self::All => true,
            Self::Only(types) => types.contains(protocol),
        };
        let all = tools::builtin(config).into_iter();
        all.filter(|provider| provider.protocols().iter().any(|protocol| is_chosen(protocol))).collect()
    }
}

/// What the built-in providers can do.
fn protocols() -> Vec<&'static str> {
    // Nothing is opened before the first task.
    let all = tools::builtin(ToolsConfig::new(Path::new("")));
    all.iter().flat_map(|provider| provider.protocols().to_vec()).filter(|protocol| *protocol != SECRETS).collect()
}
