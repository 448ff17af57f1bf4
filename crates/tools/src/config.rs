//! What the built-in providers need to know.

use crate::{EgressPolicy, Handles};
use std::path::PathBuf;

#[derive(Clone, Debug)]
pub struct ToolsConfig {
    /// The server's data folder. `sqlite` files live under `files/`, python's working folders under `tmp/`.
    pub data_dir: PathBuf,
    /// Where `http` steps may connect to.
    pub egress: EgressPolicy,
    /// The interpreter: a name looked up on PATH, or a path.
    pub python: String,
    /// How much memory one python process may take, in bytes.
    pub python_memory_bytes: u64,
    /// The secrets that steps may name; `None` when there are none.
    pub secrets: Option<Handles>,
}

impl ToolsConfig {
    /// Two GiB: enough for data work on a small host, and one runaway step does not take the host down.
    pub const PYTHON_MEMORY_BYTES: u64 = 2 << 30;

    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            egress: EgressPolicy::default(),
            python: "python3".to_owned(),
            python_memory_bytes: Self::PYTHON_MEMORY_BYTES,
            secrets: None,
        }
    }
}
