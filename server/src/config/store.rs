//! Which store keeps the log.

use super::{ConfigError, Sources};
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// `sqlite:PATH`
    Sqlite(PathBuf),
}

pub(super) fn read(sources: &Sources, data: &Path) -> Result<StoreUrl, ConfigError> {
    let Some(given) = sources.pick("store", |layer| layer.store.clone()) else {
        return Ok(StoreUrl::Sqlite(data.join("signalbox.db")));
    };
    // The value is never repeated: a database URL holds a password.
    match given.value.split_once(':') {
        Some(("sqlite", path)) => {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.starts_with(":memory:") {
                return Err(given.cannot("expected sqlite:PATH with the path of a file"));
            }
            let path = PathBuf::from(path);
            Ok(StoreUrl::Sqlite(given.base.as_ref().map_or(path.clone(), |base| base.join(&path))))
        }
        Some(("postgres" | "postgresql", _)) => {
            Err(given.cannot("PostgreSQL is not part of this version; use sqlite:PATH"))
        }
        _ => Err(given.cannot("is no store this version knows; use sqlite:PATH")),
    }
}
