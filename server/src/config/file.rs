//! `signalbox.toml`.

use super::{ConfigError, Layer};
use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// Looked for in the working directory when no file is named.
const DEFAULT: &str = "signalbox.toml";

/// The file and what it says; `None` when none was named and there is none.
pub(super) fn read(named: Option<&Path>) -> Result<Option<(PathBuf, Layer)>, ConfigError> {
    let path = named.unwrap_or(Path::new(DEFAULT));
    let wrong = |message: String| ConfigError::File { path: path.to_owned(), message };
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let layer = toml::from_str(&text).map_err(|error| wrong(describe(&text, &error)))?;
            Ok(Some((path.to_owned(), layer)))
        }
        Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => Ok(None),
        Err(error) => Err(wrong(format!("cannot be read: {error}"))),
    }
}

/// `line 3: unknown field `lisen`, expected …`
fn describe(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().trim().replace('\n', "; ");
    match error.span() {
        Some(span) => {
            let line = text[..span.start.min(text.len())].matches('\n').count() + 1;
            format!("line {line}: {message}")
        }
        None => message,
    }
}
