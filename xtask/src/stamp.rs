//! Skips work whose inputs are the same as last time.

use crate::{Failure, workspace};
use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

/// Does the work unless its stamp says that these inputs and this variant were done and the output is there.
pub fn unless_fresh(
    name: &str,
    inputs: &[PathBuf],
    variant: &str,
    output: &Path,
    work: impl FnOnce() -> Result<(), Failure>,
) -> Result<bool, Failure> {
    let folder = workspace::target().join("xtask-stamps");
    let file = folder.join(name);
    let now = fingerprint(inputs, variant)?;
    if output.exists() && fs::read_to_string(&file).is_ok_and(|before| before == now) {
        return Ok(false);
    }
    // Work that fails half way must not look fresh.
    let _ = fs::remove_file(&file);
    work()?;
    fs::create_dir_all(&folder)?;
    fs::write(&file, now)?;
    Ok(true)
}

/// Path, size and time of every file, folders followed.
fn fingerprint(inputs: &[PathBuf], variant: &str) -> Result<String, Failure> {
    let mut hasher = DefaultHasher::new();
    variant.hash(&mut hasher);
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    let mut rest = inputs.to_vec();
    let mut files = Vec::new();
    while let Some(path) = rest.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(&path)? {
                rest.push(entry?.path());
            }
        } else {
            files.push(path);
        }
    }
    files.sort();
    for file in files {
        let meta = fs::metadata(&file).map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
        let changed = meta.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        (file, meta.len(), changed.as_nanos()).hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}
