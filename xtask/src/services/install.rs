//! Finds a program, or asks apt for it where that may be done without a password.

use crate::{
    Failure,
    process::{self, answer},
    progress::note,
    workspace::on_path,
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

#[derive(Clone, Copy)]
pub enum Program {
    /// Found: the folder of `initdb` and `postgres`.
    Postgres,
    Redis,
    Chromium,
    /// What `python3 -m venv` needs; found: python3.
    Venv,
}

impl Program {
    fn package(self) -> &'static str {
        match self {
            Program::Postgres => "postgresql",
            Program::Redis => "redis-server",
            Program::Chromium => "chromium",
            Program::Venv => "python3-venv",
        }
    }

    fn find(self) -> Option<PathBuf> {
        match self {
            Program::Postgres => postgres(),
            Program::Redis => on_path("redis-server").or_else(|| existing("/usr/bin/redis-server")),
            Program::Chromium => chromium(),
            Program::Venv => venv(),
        }
    }
}

/// # Errors
/// When it is not there and cannot be installed; says how a person would.
pub fn find_or_install(program: Program) -> Result<PathBuf, Failure> {
    if let Some(path) = program.find() {
        return Ok(path);
    }
    let package = program.package();
    let by_hand = format!("apt-get install -y {package}");
    let Some(prefix) = apt() else {
        return Err(Failure::new(format!("not found, and apt may not be used here: {by_hand}")));
    };
    note(&format!("installing {package} by apt"));
    refresh(prefix);
    let mut command = apt_get(prefix);
    command.args(["install", "-y", "-qq", "--no-install-recommends", package]);
    let installed = process::run_reading(&mut command, |_| {})?;
    program.find().filter(|_| installed).ok_or_else(|| Failure::new(format!("could not be installed: {by_hand}")))
}

/// Debian keeps the server's programs off PATH, in a folder per version; the newest wins.
fn postgres() -> Option<PathBuf> {
    let has_both = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.map(|entry| entry.path().join("bin")).filter(has_both).max_by_key(|bin| version(bin));
    newest.or_else(|| on_path("initdb").and_then(|file| file.parent().map(Path::to_owned)).filter(has_both))
}

/// `…/15/bin` → 15.
fn version(bin: &Path) -> Option<u32> {
    bin.parent()?.file_name()?.to_str()?.parse().ok()
}

fn chromium() -> Option<PathBuf> {
    if let Some(path) = env::var_os("CHROMIUM_PATH") {
        return Some(path.into());
    }
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path)
}

/// Debian keeps pip's first copy in a package of its own.
fn venv() -> Option<PathBuf> {
    answer(Command::new("python3").args(["-c", "import venv, ensurepip"]))?;
    on_path("python3")
}

fn existing(path: &str) -> Option<PathBuf> {
    Some(PathBuf::from(path)).filter(|path| path.is_file())
}

/// What comes before `apt-get`: nothing for root, `sudo -n` where it asks no password. `None`: no apt for us.
fn apt() -> Option<&'static [&'static str]> {
    on_path("apt-get")?;
    if answer(Command::new("id").arg("-u")).as_deref() == Some("0") {
        return Some(&[]);
    }
    on_path("sudo").and_then(|sudo| answer(Command::new(sudo).args(["-n", "true"]))).map(|_| &["sudo", "-n"][..])
}

fn apt_get(prefix: &[&str]) -> Command {
    let mut words = prefix.iter().copied().chain(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    let mut command = Command::new(words.next().expect("apt-get is a word"));
    command.args(words);
    command
}

/// Once a run. It may fail where the lists are fresh enough anyway: the installation tells.
fn refresh(prefix: &[&str]) {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        let _ = process::run_reading(apt_get(prefix).args(["update", "-qq"]), |_| {});
    });
}
