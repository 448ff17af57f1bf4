//! `cargo xtask run`: builds what changed, then becomes `signalbox serve`.

use super::build::build_all;
use crate::{
    Failure, process,
    progress::{Steps, note},
    workspace,
};
use std::{ffi::OsString, process::Command};

pub fn run(release: bool, serve: Vec<OsString>) -> Result<(), Failure> {
    let mut steps = Steps::new(if release { 6 } else { 5 });
    let binary = build_all(&mut steps, release)?;
    let mut command = Command::new(binary);
    command.arg("serve").args(serve).env("SIGNALBOX_SITE_DIR", workspace::site());
    let built = steps.elapsed();
    // From here on the process is the server: it says the address when it is ready, Ctrl-C goes to it.
    let Err(failure) = steps.step("Starting signalbox serve", || {
        note(&format!("built in {built}; Ctrl-C stops the server"));
        Err::<(), _>(process::become_it(&mut command))
    }) else {
        return Ok(());
    };
    Err(failure)
}
