//! Files from the site folder, as they are at the moment: what a build writes shows at the next reload.

use super::{answer::answer, path, variant};
use axum::{http::HeaderMap, response::Response};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::fs;

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Assets {
    root: Arc<PathBuf>,
    style: Option<Arc<PathBuf>>,
}

impl Assets {
    /// `style` is where the sheets lie that the page's sheet imports, when nobody has bundled them.
    pub fn new(root: impl Into<PathBuf>, style: Option<PathBuf>) -> Self {
        Self { root: Arc::new(root.into()), style: style.map(Arc::new) }
    }

    /// The file a URL's path means, or a compressed copy of it that is no older; `None` when there is none.
    pub async fn answer(&self, url_path: &str, headers: &HeaderMap) -> Option<Response> {
        let name = path::of_url(url_path)?;
        let built = self.root.join(name);
        let (plain, (modified, bytes)) = match stat(&built).await {
            Some(stat) => (built, stat),
            None => self.imported(name).await?,
        };
        let age = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        let etag = format!("W/\"{:x}-{bytes:x}\"", age.as_nanos());
        for (coding, copy) in variant::acceptable(name, headers) {
            let copy = self.root.join(copy);
            if stat(&copy).await.is_some_and(|(copied, _)| copied >= modified) {
                return Some(answer(headers, name, &etag, Some(coding), fs::read(&copy).await.ok()?));
            }
        }
        Some(answer(headers, name, &etag, None, fs::read(&plain).await.ok()?))
    }
}

impl Assets {
    /// A sheet that `pkg/signalbox.css` imports.
    async fn imported(&self, name: &str) -> Option<(PathBuf, (SystemTime, u64))> {
        let sheet = name.strip_prefix("pkg/").filter(|sheet| sheet.ends_with(".css") && !sheet.contains('/'))?;
        let file = self.style.as_ref()?.join(sheet);
        let found = stat(&file).await?;
        Some((file, found))
    }
}

/// When a file was written, and its size.
async fn stat(file: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(file).await.ok().filter(std::fs::Metadata::is_file)?;
    Some((metadata.modified().ok()?, metadata.len()))
}
