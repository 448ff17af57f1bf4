//! What the browser gets: wasm, script, style, under `target/site/pkg/`.

mod compress;
mod style;
mod wasm;

pub use compress::precompress;
pub use style::style;
pub use wasm::{Profile, bindgen, compile};

use crate::workspace;
use std::path::PathBuf;

/// `target/site/pkg/signalbox.<extension>`.
pub fn file(extension: &str) -> PathBuf {
    workspace::site().join("pkg").join(workspace::NAME).with_extension(extension)
}
