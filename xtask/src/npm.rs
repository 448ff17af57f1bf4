//! Packages of the stories and of peers.

use crate::{Failure, process, progress, stamp};
use std::{path::Path, process::Command};

/// npm packages from the lock file, when it or they changed.
pub fn packages(folder: &Path) -> Result<(), Failure> {
    let lock = folder.join("package-lock.json");
    let stamp_name = format!("npm-{}", folder.file_name().unwrap_or_default().to_string_lossy());
    let installed = folder.join("node_modules/.package-lock.json");
    stamp::unless_fresh(&stamp_name, &[lock], &folder.display().to_string(), &installed, || {
        progress::note("installing npm packages from the lock file");
        let mut command = Command::new("npm");
        command.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder);
        // Playwright drives the browser of the system; it need not bring its own.
        command.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
        process::run_reading(&mut command, |_| {})?.then_some(()).ok_or_else(|| Failure::new("npm ci failed"))
    })
    .map(|_| ())
}
