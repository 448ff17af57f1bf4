//! What is wrong with the configuration. Always one line, always naming the place.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{place}: {message}")]
    Value { place: String, message: String },
    #[error("{}: {message}", path.display())]
    File { path: PathBuf, message: String },
    #[error("{0}")]
    Environment(String),
}
