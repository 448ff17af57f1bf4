//! `cargo xtask bench engine|hub [--quick]`: the figures, one JSON object per line on stdout.

use super::build;
use crate::{Failure, cargo::cargo, interrupt, prerequisites, process, progress::Steps, workspace};
use std::{ffi::OsString, process::Command};

pub fn bench(args: Vec<OsString>) -> Result<(), Failure> {
    interrupt::install()?;
    let mut steps = Steps::new(3);
    let server = steps.step("Compiling the server (release)", || {
        prerequisites::check(&[])?;
        build::server(true, &[])
    })?;
    steps.step("Compiling the load generators (release)", || {
        process::run(cargo("build").args(["--release", "--package", "bench"]))
    })?;
    let binary = workspace::target().join("release").join("signalbox-bench");
    steps.step("Measuring", || process::run(Command::new(binary).args(args).env("SIGNALBOX_BIN", server)))
}
