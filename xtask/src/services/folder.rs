//! A temporary folder that goes when dropped.

use crate::Failure;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    time::{SystemTime, UNIX_EPOCH},
};

pub struct Folder(PathBuf);

impl Folder {
    /// Anybody may walk through it: PostgreSQL runs as another user.
    pub fn new() -> Result<Self, Failure> {
        Self::below(&env::temp_dir())
    }

    /// Where files outlast the machine's sleep, so that a flush is one: /tmp may be memory.
    pub fn on_disk() -> Result<Self, Failure> {
        let disk = Path::new("/var/tmp");
        if disk.is_dir() { Self::below(disk) } else { Self::new() }
    }

    fn below(parent: &Path) -> Result<Self, Failure> {
        use std::os::unix::fs::PermissionsExt;
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().subsec_nanos();
        let path = parent.join(format!("signalbox-test-{}-{nanos}", process::id()));
        fs::create_dir(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
