//! `cargo xtask check`: what a reviewer would say first. Format, lints on both targets, licences, portability.

use crate::{
    Failure,
    cargo::{cargo, has, plain},
    interrupt, npm, prerequisites, process,
    progress::{Steps, note},
    workspace::{self, WASM_TARGET, on_path},
};
use std::process::Command;

pub fn check() -> Result<(), Failure> {
    interrupt::install()?;
    let mut steps = Steps::new(7);
    steps.step("Looking at the machine", || {
        prerequisites::check(&[])?;
        prerequisites::wasm_target()
    })?;
    steps.step("Format", || {
        let xtask = workspace::root().join("xtask/Cargo.toml");
        process::run(cargo("fmt").args(["--all", "--check"]))?;
        process::run(cargo("fmt").arg("--manifest-path").arg(xtask).arg("--check"))
    })?;
    steps.step("Lints (server side)", || {
        let everything = ["--workspace", "--exclude", "frontend", "--all-targets"];
        process::run(cargo("clippy").args(everything).args(["--", "-D", "warnings"]))
    })?;
    steps.step("Lints (browser side)", || {
        let browser = ["--package", "frontend", "--package", "app", "--features", "app/hydrate"];
        process::run(cargo("clippy").args(browser).args(["--target", WASM_TARGET, "--", "-D", "warnings"]))
    })?;
    steps.step("Crates that must run anywhere (wasm32)", portable)?;
    steps.step("Types of the browser stories and the TypeScript client", || {
        if on_path("npx").is_none() {
            note("left out: node is not installed");
            return Ok(());
        }
        let folder = workspace::root().join("end2end");
        npm::packages(&folder)?;
        process::run(Command::new("npx").args(["--no-install", "tsc", "--noEmit"]).current_dir(folder))?;
        let folder = workspace::root().join("clients/typescript");
        npm::packages(&folder)?;
        process::run(Command::new("npx").args(["--no-install", "tsc", "--noEmit"]).current_dir(folder))
    })?;
    steps.step("Licences, advisories, bans", || {
        if has("deny") {
            return process::run(plain("deny").arg("check"));
        }
        note("left out: cargo-deny is not installed (cargo install --locked cargo-deny)");
        Ok(())
    })
}

/// `protocol` and `engine` know no clock, disk, network or thread: they compile where there are none.
pub fn portable() -> Result<(), Failure> {
    process::run(cargo("check").args(["--package", "protocol", "--package", "engine", "--target", WASM_TARGET]))
}
