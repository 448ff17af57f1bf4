//! Where a step's database is, and that it is nowhere else.

use crate::fields::bad_config;
use protocol::TaskError;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The absolute path of the database `name` under `files`; makes the folders on the way.
///
/// # Errors
/// `bad_config` for a name that is no plain relative path or leads through a symbolic link; `sqlite_open` when
/// the folder cannot be made.
pub(super) fn locate(files: &Path, name: &str) -> Result<PathBuf, TaskError> {
    let refused = |why: &str| {
        bad_config(format!("sqlite: `database` must be a relative path such as `reports/daily.db`: `{name}` {why}"))
    };
    if name.is_empty() || name.len() > 200 {
        return Err(refused("is empty or too long"));
    }
    if !name.chars().all(|c| c.is_alphanumeric() || "._- /".contains(c)) {
        return Err(refused("has characters other than letters, digits, `.`, `_`, `-`, space and `/`"));
    }
    let parts: Vec<&str> = name.split('/').collect();
    if parts.iter().any(|part| part.is_empty() || part.starts_with('.') || part.trim() != *part) {
        return Err(refused("is absolute, or has a part that is empty or begins with a dot"));
    }
    let last = parts[parts.len() - 1];
    if ["-wal", "-shm", "-journal"].iter().any(|suffix| last.ends_with(suffix)) {
        return Err(refused("is the name of a file that SQLite keeps beside a database"));
    }
    let opening =
        |error: io::Error| TaskError::new("sqlite_open", format!("sqlite: `{name}` cannot be opened: {error}"));
    fs::create_dir_all(files).map_err(opening)?;
    let mut path = files.canonicalize().map_err(opening)?;
    for part in &parts[..parts.len() - 1] {
        path.push(part);
        if is_link(&path) {
            return Err(refused("leads through a symbolic link"));
        }
        match fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(opening(error)),
            _ => {}
        }
    }
    path.push(last);
    let beside = ["", "-wal", "-shm", "-journal"].map(|suffix| path.with_file_name(format!("{last}{suffix}")));
    if beside.iter().any(|path| is_link(path)) {
        return Err(refused("is a symbolic link"));
    }
    if path.is_dir() {
        return Err(refused("is a folder"));
    }
    Ok(path)
}

fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|meta| meta.file_type().is_symlink())
}
