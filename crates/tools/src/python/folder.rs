//! The working folder of one python process: made before it, removed after it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A fresh folder with `work/` (the process' current directory, HOME and TMPDIR) beside the answer file.
pub(super) struct Folder(TempDir);

impl Folder {
    /// # Errors
    /// When the folder cannot be made.
    pub(super) fn create(parent: &Path) -> io::Result<Self> {
        fs::create_dir_all(parent)?;
        let folder = tempfile::Builder::new().prefix(&format!("{PREFIX}{}-", std::process::id())).tempdir_in(parent)?;
        fs::create_dir(folder.path().join("work"))?;
        Ok(Self(folder))
    }

    pub(super) fn work(&self) -> PathBuf {
        self.0.path().join("work")
    }

    pub(super) fn answer(&self) -> PathBuf {
        self.0.path().join("answer")
    }
}

const PREFIX: &str = "python-";

/// Removes folders whose process was killed before it could. Folders of live processes stay.
pub(super) fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|rest| rest.split('-').next());
        let Some(owner) = owner.and_then(|text| text.parse::<i32>().ok()).and_then(rustix::process::Pid::from_raw)
        else {
            continue;
        };
        let gone = rustix::process::test_kill_process(owner) == Err(rustix::io::Errno::SRCH);
        if gone && let Err(error) = fs::remove_dir_all(entry.path()) {
            tracing::warn!(path = %entry.path().display(), %error, "a left-over folder of a python step stays");
        }
    }
}
