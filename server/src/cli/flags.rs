//! Flags that several commands share.

use super::error::Error;
use crate::{
    config::{Layer, LocalConfig, Sources},
    logging,
};
use clap::Args;
use std::path::PathBuf;

/// Where the store is.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct LocalFlags {
    /// The data folder [env: SIGNALBOX_DATA] [default: $XDG_DATA_HOME/signalbox or ~/.local/share/signalbox]
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<String>,
    /// The store [env: SIGNALBOX_STORE] [default: sqlite:DIR/signalbox.db]
    #[arg(long, value_name = "sqlite:PATH|postgres://…")]
    pub(super) store: Option<String>,
    /// The configuration file [env: SIGNALBOX_CONFIG] [default: signalbox.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// What to log to stderr: error, warn, info, debug, or TARGET=LEVEL,… [env: SIGNALBOX_LOG, RUST_LOG]
    #[arg(long, value_name = "FILTER")]
    pub(super) log: Option<String>,
}

/// Where the server is, if there is one.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct TargetFlags {
    #[command(flatten)]
    pub(super) local: LocalFlags,
    /// A server to talk to. Without it: the server that holds the data folder, else the folder itself
    #[arg(long, value_name = "URL", env = "SIGNALBOX_SERVER", conflicts_with_all = ["data", "store"])]
    pub(super) server: Option<String>,
}

/// Who is asked, and how the answer is printed.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct AnswerFlags {
    #[command(flatten)]
    pub(super) target: TargetFlags,
    /// Print JSON, one object a line
    #[arg(long)]
    pub(super) json: bool,
}

impl LocalFlags {
    pub(super) fn layer(&self) -> Layer {
        Layer { data: self.data.clone(), store: self.store.clone(), log: self.log.clone(), ..Layer::default() }
    }

    /// Reads all sources and starts logging.
    pub(super) fn gather(&self, flags: Layer, default_log: &str) -> Result<Sources, Error> {
        let sources = Sources::gather(flags, self.config.as_deref())?;
        logging::start(
            sources.pick("log", |layer| layer.log.clone()).map(|given| given.value).as_deref(),
            default_log,
        )?;
        Ok(sources)
    }
}

impl TargetFlags {
    pub(super) fn read(&self) -> Result<LocalConfig, Error> {
        let sources = self.local.gather(self.local.layer(), "warn")?;
        Ok(LocalConfig::read(&sources)?)
    }
}
