//! Where things are.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The name cargo, Leptos and the page agree on: `/pkg/signalbox.js`, `.wasm`, `.css`.
pub const NAME: &str = "signalbox";
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The repository's root.
pub fn root() -> PathBuf {
    // Cargo tells it to what it runs: a cached binary may have been built from another clone.
    let xtask = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&xtask).parent().expect("xtask is a folder of the repository").to_owned()
}

/// The one target folder of wasm and server: `CARGO_TARGET_DIR`, else `target/`.
pub fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// What the server serves as files: `target/site/`. The wasm, script and style are in `pkg/` under it.
pub fn site() -> PathBuf {
    target().join("site")
}

/// An executable of that name on PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|file| file.is_file())
}
