//! Calling cargo on the workspace: one target folder, quiet when nobody watches.

use crate::{process::answer, progress, workspace};
use std::{env, process::Command};

/// `cargo <subcommand>` at the root, as the toolchain's own commands take it.
pub fn cargo(subcommand: &str) -> Command {
    let mut command = plain(subcommand);
    if !progress::is_watched() {
        command.arg("--quiet");
    }
    command
}

/// `cargo <subcommand>` at the root, for commands that somebody installed.
pub fn plain(subcommand: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg(subcommand).current_dir(workspace::root()).env("CARGO_TARGET_DIR", workspace::target());
    command
}

/// A cargo subcommand of that name is installed.
pub fn has(subcommand: &str) -> bool {
    answer(plain(subcommand).arg("--version")).is_some()
}
