//! `cargo xtask run`: builds what changed, then becomes `signalbox serve`.

use super::build::build_all;
use crate::{
    Failure, process,
    progress::{Steps, note},
    workspace,
};
use std::{ffi::OsString, process::Command};

pub fn run(release: bool, serve: Vec<OsString>) -> Result<(), Failure> {
    let mut steps = Steps::new(if release { 5 } else { 4 });
    let binary = build_all(&mut steps, release)?;
    note(&format!("ready in {}; signalbox is {}", steps.elapsed(), binary.display()));
    note("open the address below in a browser; Ctrl-C stops the server");
    let mut command = Command::new(binary);
    command.arg("serve").args(serve).env("LEPTOS_SITE_ROOT", workspace::site());
    // From here on this process is the server: signals and exit code are its own.
    Err(process::become_it(&mut command))
}
