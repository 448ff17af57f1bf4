//! Suites that are `cargo test`.

use super::{Counts, Setting};
use crate::{Failure, cargo::cargo, process, workspace};
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// `frontend` stays out: with it, Leptos would be compiled for browser and server at once.
const PACKAGES: [&str; 3] = ["--workspace", "--exclude", "frontend"];

/// Compiles every test program, and the server's binary.
pub fn compile() -> Result<(), Failure> {
    process::run(cargo("test").args(PACKAGES).arg("--no-run"))
}

/// Runs the tests of some targets.
pub fn run(targets: &[&str], setting: &Setting) -> Result<Counts, Failure> {
    let mut command = cargo("test");
    command.args(PACKAGES).args(targets).arg("--no-fail-fast");
    counted(&mut command, setting)
}

/// Runs xtask's own tests, in the folder xtask was built in.
pub fn run_xtask(setting: &Setting) -> Result<Counts, Failure> {
    let mut command = cargo("test");
    command
        .arg("--manifest-path")
        .arg(workspace::root().join("xtask/Cargo.toml"))
        .arg("--target-dir")
        .arg(own_target()?);
    counted(&mut command, setting)
}

fn own_target() -> Result<PathBuf, Failure> {
    let program = env::current_exe()?;
    let folder = program.ancestors().nth(2).map(Path::to_owned);
    folder.ok_or_else(|| Failure::new(format!("{} is in no target folder", program.display())))
}

fn counted(command: &mut Command, setting: &Setting) -> Result<Counts, Failure> {
    command.envs(setting.env.iter().map(|(name, value)| (name, value)));
    if setting.args.full {
        command.env("SIGNALBOX_FULL", "1");
    }
    if let Some(filter) = &setting.args.filter {
        command.args(["--", filter]);
    }
    let mut counts = Counts::default();
    let ended_well = process::run_reading(command, |line| {
        println!("{line}");
        counts.add(line);
    })?;
    // A test program that crashed or did not compile has told no count.
    if !ended_well && counts.failed == 0 {
        counts.failed = 1;
    }
    Ok(counts)
}

impl Counts {
    /// Adds what a `test result: …` line says.
    fn add(&mut self, line: &str) {
        let Some((_, numbers)) = line.split_once("test result: ").and_then(|(_, rest)| rest.split_once(". ")) else {
            return;
        };
        for part in numbers.split(';') {
            let mut words = part.split_whitespace();
            let Some(number) = words.next().and_then(|word| word.parse::<u32>().ok()) else { continue };
            match words.next() {
                Some("passed") => self.passed += number,
                Some("failed") => self.failed += number,
                Some("ignored") => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_every_result_line() {
        let mut counts = Counts::default();
        for line in [
            "running 3 tests",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.03s",
            "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.30s",
            "a test that prints 7 passed; 7 failed",
        ] {
            counts.add(line);
        }
        assert_eq!(counts, Counts { passed: 14, failed: 3, ignored: 1 });
    }
}
