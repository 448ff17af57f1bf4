//! The data folder: the log, files of `sqlite` steps, working folders, the lock.

use super::{ConfigError, Sources};
use std::path::PathBuf;

pub(super) fn read(sources: &Sources) -> Result<PathBuf, ConfigError> {
    match sources.pick("data", |layer| layer.data.clone()) {
        Some(given) => Ok(given.path()),
        None => default_data_dir(sources.surrounding("XDG_DATA_HOME"), sources.surrounding("HOME")),
    }
}

/// `$XDG_DATA_HOME/signalbox`, else `~/.local/share/signalbox`: the same from every working directory, so that
/// `signalbox run` finds the server that holds it.
///
/// # Errors
/// When neither variable is set.
pub fn default_data_dir(xdg: Option<&str>, home: Option<&str>) -> Result<PathBuf, ConfigError> {
    let absolute = |path: &str| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
    xdg.and_then(absolute)
        .or_else(|| home.and_then(absolute).map(|home| home.join(".local/share")))
        .map(|base| base.join("signalbox"))
        .ok_or_else(|| {
            ConfigError::Environment("there is no home folder to keep data in; name a folder with --data".to_owned())
        })
}
