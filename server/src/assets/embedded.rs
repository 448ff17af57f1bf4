//! Files inside the binary, with the compressed variants the build made (`.br`, `.gz`).

use super::{answer::answer, path, variant};
use axum::{http::HeaderMap, response::Response};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::path::PathBuf;

#[derive(RustEmbed)]
#[folder = "$SIGNALBOX_SITE_DIR"]
struct Site;

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Assets;

impl Assets {
    /// No folder is looked at.
    pub fn new(_root: impl Into<PathBuf>, _style: Option<PathBuf>) -> Self {
        Self
    }

    /// The file a URL's path means; `None` when there is none.
    #[allow(clippy::unused_async)]
    pub async fn answer(&self, url_path: &str, headers: &HeaderMap) -> Option<Response> {
        let name = path::of_url(url_path)?;
        let plain = Site::get(name)?;
        let etag = etag(&plain);
        for (coding, copy) in variant::acceptable(name, headers) {
            if let Some(file) = Site::get(&copy) {
                return Some(answer(headers, name, &etag, Some(coding), file.data));
            }
        }
        Some(answer(headers, name, &etag, None, plain.data))
    }
}

/// Of the content, not of its coding: hence weak.
fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let hex: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{hex}\"")
}
