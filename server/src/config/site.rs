//! Where the browser's files are, and whether `cargo leptos watch` rebuilds them.

use super::{ConfigError, Sources};
use std::path::PathBuf;

/// What `cargo xtask run` and `cargo leptos` tell the server they start.
pub(super) const VARIABLES: [&str; 5] =
    ["SIGNALBOX_SITE_DIR", "LEPTOS_SITE_ROOT", "LEPTOS_SITE_ADDR", "LEPTOS_RELOAD_PORT", "LEPTOS_WATCH"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Used when the files are not inside the binary.
    pub root: PathBuf,
    /// Where the style sheets lie, under `cargo leptos watch` only: it copies the first and bundles none.
    pub style: Option<PathBuf>,
    /// The port of the reload socket, under `cargo leptos watch` only.
    pub reload_port: Option<u16>,
}

pub(super) fn read(sources: &Sources) -> Result<Site, ConfigError> {
    let reload_port = match (sources.surrounding("LEPTOS_WATCH"), sources.surrounding("LEPTOS_RELOAD_PORT")) {
        (None, _) => None,
        (Some(_), port) => Some(port.and_then(|port| port.parse().ok()).unwrap_or(9998)),
    };
    let root = sources.surrounding("SIGNALBOX_SITE_DIR").or_else(|| sources.surrounding("LEPTOS_SITE_ROOT"));
    let style = reload_port.map(|_| PathBuf::from("style"));
    Ok(Site { root: root.unwrap_or("target/site").into(), style, reload_port })
}
