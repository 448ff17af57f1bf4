//! `cargo xtask build`: browser part and server, ready to run from `target/`.

use crate::{
    Failure,
    cargo::cargo,
    interrupt, prerequisites, process,
    progress::{Steps, note},
    site::{self, Profile},
    workspace,
};
use std::{fs, path::PathBuf};

pub fn build(release: bool) -> Result<(), Failure> {
    interrupt::install()?;
    let mut steps = Steps::new(if release { 5 } else { 4 });
    let binary = build_all(&mut steps, release)?;
    note(&format!("{} in {}", binary.display(), steps.elapsed()));
    Ok(())
}

/// The first steps of every command that needs the product: 4, or 5 in release.
pub fn build_all(steps: &mut Steps, release: bool) -> Result<PathBuf, Failure> {
    let profile = Profile::of(release);
    steps.step("Looking at the machine", || {
        prerequisites::check(&[prerequisites::Need::Python])?;
        prerequisites::wasm_target()
    })?;
    steps.step(&format!("Compiling the browser part (wasm, {})", profile.word()), || site::compile(profile))?;
    steps.step("Binding it to JavaScript, bundling the style", || {
        let bound = site::bindgen(profile)?;
        let styled = site::style()?;
        if bound {
            note(&format!("signalbox.wasm {}", megabytes(fs::metadata(site::file("wasm"))?.len())));
        } else if !styled {
            note("unchanged");
        }
        Ok::<_, Failure>(())
    })?;
    if release {
        steps.step("Compressing", || site::precompress().map(|_| ()))?;
    }
    steps.step(&format!("Compiling the server ({})", profile.word()), || server(release, &[]))
}

/// Compiles the binary and tells where it is.
pub fn server(release: bool, features: &[&str]) -> Result<PathBuf, Failure> {
    let mut command = cargo("build");
    command.args(["--package", "server", "--bin", workspace::NAME]);
    if release {
        command.arg("--release");
    }
    if !features.is_empty() {
        command.arg("--features").arg(features.join(","));
        command.env("SIGNALBOX_SITE_DIR", workspace::site());
    }
    process::run(&mut command)?;
    Ok(workspace::target().join(if release { "release" } else { "debug" }).join(workspace::NAME))
}

pub fn megabytes(bytes: u64) -> String {
    if bytes < 1 << 20 { format!("{:.1} KB", bytes as f64 / 1000.0) } else { format!("{:.1} MB", bytes as f64 / 1e6) }
}
