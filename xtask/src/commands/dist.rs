//! `cargo xtask dist`: one self-contained binary, assets inside.

use super::build::{megabytes, server};
use crate::{
    Failure, interrupt, prerequisites,
    progress::{Steps, note},
    site::{self, Profile},
    workspace,
};
use std::fs;

pub fn dist() -> Result<(), Failure> {
    interrupt::install()?;
    let mut steps = Steps::new(6);
    steps.step("Looking at the machine", || {
        prerequisites::check(&[])?;
        prerequisites::wasm_target()
    })?;
    steps.step("Compiling the browser part (wasm, release)", || site::compile(Profile::Release))?;
    steps.step("Binding it to JavaScript, bundling the style", || {
        site::bindgen(Profile::Release)?;
        site::style().map(|_| ())
    })?;
    let sizes = steps.step("Compressing", site::precompress)?;
    let built =
        steps.step("Compiling the server with the assets inside (release)", || server(true, &["embed-assets"]))?;
    let output = workspace::root().join("dist").join(workspace::NAME);
    steps.step("Copying", || {
        fs::create_dir_all(workspace::root().join("dist"))?;
        // Copied beside and moved over: a running binary cannot be written to.
        let fresh = output.with_extension("new");
        fs::copy(&built, &fresh)?;
        fs::rename(&fresh, &output)
    })?;
    for (file, plain, brotli) in sizes {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        note(&format!("{name:<16} {:>9}, brotli {:>9}", megabytes(plain), megabytes(brotli)));
    }
    note(&format!("{} {}, in {}", output.display(), megabytes(fs::metadata(&output)?.len()), steps.elapsed()));
    Ok(())
}
