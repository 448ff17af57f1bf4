//! Which store keeps the log.

use super::{ConfigError, Sources};
use std::{
    fmt,
    path::{Path, PathBuf},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// `sqlite:PATH`
    Sqlite(PathBuf),
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`
    Postgres(DatabaseUrl),
}

/// A URL with a password in it: for the store's eyes only.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://…")
    }
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
        Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
            Ok(StoreUrl::Postgres(DatabaseUrl(given.value.clone())))
        }
        Some(("postgres" | "postgresql", _)) => {
            Err(given.cannot("expected postgres://USER:PASSWORD@HOST:PORT/DATABASE"))
        }
        _ => Err(given.cannot("is no store this version knows; use sqlite:PATH or postgres://…")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layer;

    #[test]
    fn a_database_url_is_taken_whole_and_never_shown() {
        let url = "postgres://user:secret@db.example:5433/signalbox?sslmode=require";
        let flags = Layer { store: Some(url.to_owned()), ..Layer::default() };
        let store = read(&Sources { flags, ..Sources::default() }, Path::new("data")).expect("a store");
        assert!(!format!("{store:?}").contains("secret"));
        assert_eq!(store, StoreUrl::Postgres(DatabaseUrl(url.to_owned())));
    }
}
