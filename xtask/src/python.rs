//! Python packages, in a virtual environment of their own in the target folder.

use crate::{
    Failure, process, progress,
    services::{self, Program},
    stamp, workspace,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The environment's `python`, with what a list of exact versions names: made when the list or it changed.
pub fn environment(list: &Path) -> Result<PathBuf, Failure> {
    let folder = workspace::target().join("clients-python");
    let python = folder.join("bin/python");
    let fresh = python.clone();
    stamp::unless_fresh("pip-clients", &[list.to_owned()], &folder.display().to_string(), &fresh, || {
        services::find_or_install(Program::Venv)?;
        progress::note("installing python packages from the list of versions");
        // What half an installation left behind helps nobody.
        let _ = fs::remove_dir_all(&folder);
        process::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        let mut install = Command::new(&python);
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(list);
        process::run_reading(&mut install, |_| {})?.then_some(()).ok_or_else(|| Failure::new("pip install failed"))
    })?;
    Ok(python)
}
