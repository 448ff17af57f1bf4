//! The real binary.

use serde_json::Value;
use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

/// The binary in a clean environment, away from any configuration file.
pub fn signalbox(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signalbox"));
    command.current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("SIGNALBOX_") || name_text.starts_with("LEPTOS_") || name_text == "RUST_LOG" {
            command.env_remove(&name);
        }
    }
    command.env("HOME", folder).env_remove("XDG_DATA_HOME");
    command
}

/// A command that has ended.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn of<S: AsRef<OsStr>>(folder: &Path, args: impl IntoIterator<Item = S>) -> Self {
        Self::from(signalbox(folder).args(args).output().expect("the binary runs"))
    }

    /// With something on standard input.
    pub fn fed<S: AsRef<OsStr>>(folder: &Path, args: impl IntoIterator<Item = S>, input: &str) -> Self {
        let mut command = signalbox(folder);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        // A command that does not read its input may be gone already.
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        Self::from(child.wait_with_output().expect("the binary ends"))
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Each line of stdout as JSON.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.lines().map(parse).collect()
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// A server in a process of its own.
pub struct Served {
    pub child: Child,
    pub url: String,
}

impl Served {
    pub fn start(folder: &Path, data: &str) -> Self {
        Self::start_with(folder, &["--data", data])
    }

    /// With these flags of `serve`.
    pub fn start_with(folder: &Path, flags: &[&str]) -> Self {
        Self::start_at(folder, "127.0.0.1:0", flags)
    }

    pub fn start_at(folder: &Path, listen: &str, flags: &[&str]) -> Self {
        let mut child = signalbox(folder)
            .args(["serve", "--listen", listen])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        assert!(line.starts_with("http://127.0.0.1:") && line.ends_with('\n'), "{line:?}");
        Self { child, url: line.trim_end().to_owned() }
    }

    pub fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// The exit code.
    pub fn wait(&mut self) -> Option<i32> {
        self.child.wait().expect("the server is ours").code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `kill -NAME`, which every system has; a signal crate would be for this line alone.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}
