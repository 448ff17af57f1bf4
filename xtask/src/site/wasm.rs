//! The browser part: `frontend` compiled to wasm, then bound to JavaScript.

use super::file;
use crate::{
    Failure,
    cargo::cargo,
    process, stamp,
    workspace::{NAME, WASM_TARGET, on_path, site, target},
};
use std::{fs, path::PathBuf, process::Command};
use wasm_bindgen_cli_support::Bindgen;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    Dev,
    /// Small: cargo's profile `wasm-release`, and wasm-opt where it is installed.
    Release,
}

impl Profile {
    pub fn of(release: bool) -> Self {
        if release { Profile::Release } else { Profile::Dev }
    }

    pub fn word(self) -> &'static str {
        match self {
            Profile::Dev => "dev",
            Profile::Release => "release",
        }
    }

    fn compiled(self) -> PathBuf {
        let folder = match self {
            Profile::Dev => "debug",
            Profile::Release => "wasm-release",
        };
        target().join(WASM_TARGET).join(folder).join("frontend.wasm")
    }
}

pub fn compile(profile: Profile) -> Result<(), Failure> {
    let mut command = cargo("build");
    command.args(["--package", "frontend", "--lib", "--target", WASM_TARGET]);
    if profile == Profile::Release {
        command.args(["--profile", "wasm-release"]);
    }
    process::run(&mut command)
}

/// Writes `signalbox.js` and `signalbox.wasm`, the names the page's scripts ask for. Returns whether there was
/// anything to do.
pub fn bindgen(profile: Profile) -> Result<bool, Failure> {
    let compiled = profile.compiled();
    stamp::unless_fresh("bindgen", std::slice::from_ref(&compiled), profile.word(), &file("wasm"), || {
        let folder = site().join("pkg");
        fs::create_dir_all(&folder)?;
        super::compress::forget(&[file("js"), file("wasm")]);
        Bindgen::new()
            .input_path(&compiled)
            .web(true)
            .map_err(said)?
            .out_name(NAME)
            .typescript(false)
            .generate(&folder)
            .map_err(said)?;
        fs::rename(folder.join(format!("{NAME}_bg.wasm")), file("wasm"))?;
        if profile == Profile::Release && on_path("wasm-opt").is_some() {
            optimise()?;
        }
        Ok(())
    })
}

/// Saves about a kilobyte after compression.
fn optimise() -> Result<(), Failure> {
    let wasm = file("wasm");
    let features = [
        "--enable-bulk-memory",
        "--enable-nontrapping-float-to-int",
        "--enable-sign-ext",
        "--enable-mutable-globals",
        "--enable-reference-types",
        "--enable-multivalue",
    ];
    process::run(Command::new("wasm-opt").arg("-Oz").args(features).arg(&wasm).arg("-o").arg(&wasm))
}

/// anyhow's chain as one line.
fn said(error: impl std::fmt::Debug + std::fmt::Display) -> Failure {
    Failure::new(format!("wasm-bindgen: {error:#}"))
}
