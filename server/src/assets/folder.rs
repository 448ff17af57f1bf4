//! Files from the site folder, as they are at the moment: what a build writes shows at the next reload.

use super::{answer::answer, path};
use axum::{http::HeaderMap, response::Response};
use std::{path::PathBuf, sync::Arc, time::UNIX_EPOCH};

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Assets {
    root: Arc<PathBuf>,
}

impl Assets {
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: Arc::new(root.into()) }
    }

    /// The file a URL's path means; `None` when there is none.
    pub async fn answer(&self, url_path: &str, headers: &HeaderMap) -> Option<Response> {
        let name = path::of_url(url_path)?;
        let file = self.root.join(name);
        let metadata = tokio::fs::metadata(&file).await.ok().filter(std::fs::Metadata::is_file)?;
        let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let etag = format!("W/\"{:x}-{:x}\"", modified.as_nanos(), metadata.len());
        Some(answer(headers, name, &etag, None, tokio::fs::read(&file).await.ok()?))
    }
}
