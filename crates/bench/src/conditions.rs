//! What a figure depends on besides the code.

use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path, process::Command};

pub(crate) struct Conditions {
    pub(crate) store: &'static str,
    cores: usize,
    filesystem: String,
    memory_mib: u64,
    system: String,
    quick: bool,
    more: Vec<(&'static str, Value)>,
}

impl Conditions {
    /// `folder` is where the store's files are.
    pub(crate) fn look(store: &'static str, folder: &Path, quick: bool) -> Self {
        Self {
            store,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            filesystem: filesystem(folder),
            memory_mib: field("/proc/meminfo", "MemTotal:") / 1024,
            system: answer("uname", &["-sr"]),
            quick,
            more: Vec::new(),
        }
    }

    /// Something else figures of this bench depend on.
    pub(crate) fn say(&mut self, name: &'static str, value: Value) {
        self.more.push((name, value));
    }

    pub(crate) fn as_map(&self) -> BTreeMap<&'static str, Value> {
        let mut all = BTreeMap::from([
            ("cores", self.cores.into()),
            ("filesystem", self.filesystem.clone().into()),
            ("memory_mib", self.memory_mib.into()),
            ("profile", if cfg!(debug_assertions) { "dev" } else { "release" }.into()),
            ("quick", self.quick.into()),
            ("system", self.system.clone().into()),
            ("version", env!("CARGO_PKG_VERSION").into()),
        ]);
        all.extend(self.more.iter().cloned());
        all
    }
}

/// Memory a process holds, MiB; 0 where the system does not tell.
pub(crate) fn resident_mib(process: u32) -> f64 {
    field(&format!("/proc/{process}/status"), "VmRSS:") as f64 / 1024.0
}

/// `Name:   123 kB` as 123.
fn field(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

/// Figures with fsync mean nothing without it: `ext4`, `tmpfs` …
fn filesystem(folder: &Path) -> String {
    answer("stat", &["--file-system", "--format=%T", &folder.to_string_lossy()])
}

fn answer(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}
