//! What must be on the machine first. Checked before anything is built, all at once, one line each.

use crate::{
    Failure, process,
    progress::note,
    workspace::{self, WASM_TARGET},
};
use std::{fs, process::Command};

/// What a command needs beyond rustc and a C compiler.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Steps of type `python` run it.
    Python,
    /// The browser tests and a client library are written for it.
    Node,
}

/// # Errors
/// When something is missing: a line for each, with how to get it.
pub fn check(needs: &[Need]) -> Result<(), Failure> {
    let mut missing = Vec::new();
    missing.extend(rust());
    missing.extend(c_compiler());
    if needs.contains(&Need::Python) {
        missing.extend(python());
    }
    if needs.contains(&Need::Node) {
        missing.extend(node());
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("something is missing on this machine\n  {}", missing.join("\n  "))))
}

/// Adds the wasm target when it is not there.
pub fn wasm_target() -> Result<(), Failure> {
    if has_wasm_target() {
        return Ok(());
    }
    if workspace::on_path("rustup").is_none() {
        return Err(Failure::new(format!(
            "the Rust target {WASM_TARGET} is missing: install it with the package manager rustc came from \
             (Debian: apt-get install libstd-rust-dev-wasm32), or use rustup (https://rustup.rs)"
        )));
    }
    note(&format!("adding the Rust target {WASM_TARGET}"));
    process::run(Command::new("rustup").args(["target", "add", WASM_TARGET]).current_dir(workspace::root()))
}

fn has_wasm_target() -> bool {
    let folder = process::answer(
        Command::new("rustc")
            .args(["--print", "target-libdir", "--target", WASM_TARGET])
            .current_dir(workspace::root()),
    );
    folder.is_some_and(|folder| fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()))
}

fn rust() -> Option<String> {
    let wanted = rust_version().expect("the workspace's Cargo.toml states rust-version");
    let found = process::answer(Command::new("rustc").arg("--version").current_dir(workspace::root()));
    let get = "install rustup from https://rustup.rs, then `rustup update stable`";
    match found {
        None => Some(format!("rustc {wanted} or newer: not found; {get}")),
        Some(text) => {
            let version = text.split_whitespace().nth(1).unwrap_or_default();
            is_older(version, &wanted).then(|| format!("rustc {wanted} or newer: found {version}; {get}"))
        }
    }
}

fn c_compiler() -> Option<String> {
    let found = std::env::var_os("CC").is_some()
        || ["cc", "gcc", "clang"].into_iter().any(|name| workspace::on_path(name).is_some());
    (!found).then(|| "a C compiler (SQLite is built from source): apt-get install -y build-essential".to_owned())
}

fn python() -> Option<String> {
    let found =
        process::answer(Command::new("python3").args(["-c", "import sys; print(*sys.version_info[:2], sep='.')"]));
    match found {
        Some(version) if !is_older(&version, "3.8") => None,
        Some(version) => {
            Some(format!("python3 3.8 or newer (steps of type python): found {version}; apt-get install -y python3"))
        }
        None => Some("python3 (steps of type python): apt-get install -y python3".to_owned()),
    }
}

fn node() -> Option<String> {
    let get = "apt-get install -y nodejs npm (or Node 18 or newer from https://nodejs.org)";
    let version = process::answer(Command::new("node").arg("--version"));
    match version {
        None => Some(format!("node (browser and client tests): {get}")),
        Some(version) if is_older(version.trim_start_matches('v'), "18") => {
            Some(format!("node 18 or newer (browser and client tests): found {version}; {get}"))
        }
        Some(_) if workspace::on_path("npm").is_none() => Some(format!("npm (browser and client tests): {get}")),
        Some(_) => None,
    }
}

/// The workspace's `rust-version`.
fn rust_version() -> Option<String> {
    let manifest = fs::read_to_string(workspace::root().join("Cargo.toml")).ok()?;
    let line = manifest.lines().find(|line| line.starts_with("rust-version"))?;
    line.split('"').nth(1).map(str::to_owned)
}

fn is_older(found: &str, wanted: &str) -> bool {
    numbers(found) < numbers(wanted)
}

/// `1.95.0-nightly` as `[1, 95, 0]`.
fn numbers(version: &str) -> Vec<u32> {
    let release = version.split('-').next().unwrap_or_default();
    release.split('.').map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(!is_older("1.100.0", "1.95"));
        assert!(!is_older("1.95.0-nightly", "1.95"));
        assert!(is_older("1.94.1", "1.95"));
        assert!(!is_older("20.20.2", "18"));
    }

    #[test]
    fn the_workspace_states_its_rust_version() {
        assert!(rust_version().is_some_and(|version| !is_older(&version, "1.85")));
    }
}
