//! Why nothing can be sealed or opened. No message has a value or a key in it.

use protocol::{Problem, TaskError};
use std::{io, path::PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(
        "the key file {} does not exist; make one with `head -c 32 /dev/urandom | base64 > FILE; chmod 600 FILE`, or \
         bring the one the credentials were sealed with", .0.display()
    )]
    Missing(PathBuf),
    #[error("the key file {} cannot be {what}: {error}; name another with SIGNALBOX_SECRET_KEY_FILE", .path.display())]
    File { path: PathBuf, what: &'static str, error: io::Error },
    #[error("the key file {}, line {line}, is no key: expected 32 bytes as base64, one key on a line", .path.display())]
    Malformed { path: PathBuf, line: usize },
    #[error("the key file {} holds no key: expected 32 bytes as base64, one key on a line", .0.display())]
    Empty(PathBuf),
    #[error(
        "credential `{name}` is sealed with key {key_id}, which is not in {place}; bring that key back, or set the \
         credential anew"
    )]
    Foreign { name: String, key_id: String, place: String },
    #[error("credential `{0}` does not open: its row was changed, or moved from another name; set it anew")]
    Damaged(String),
}

impl KeyError {
    fn code(&self) -> &'static str {
        match self {
            KeyError::Foreign { .. } => "credential_foreign_key",
            KeyError::Damaged(_) => "credential_damaged",
            _ => "credential_key",
        }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        Problem::new(500, error.code(), "Key", error.to_string())
    }
}

impl From<KeyError> for TaskError {
    fn from(error: KeyError) -> Self {
        TaskError::new(error.code(), error.to_string())
    }
}
