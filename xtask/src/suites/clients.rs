//! The client libraries, and Socket.IO, against the built server. What they need comes from lists of exact versions.

use super::{Counts, Setting};
use crate::{Failure, npm, process, python, workspace};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

pub fn run(setting: &Setting) -> Result<Counts, Failure> {
    let server = setting.server.as_deref().ok_or_else(|| Failure::new("the server's binary is missing"))?;
    let mut counts = Counts::default();
    typescript(setting, server, &mut counts)?;
    python(setting, server, &mut counts)?;
    Ok(counts)
}

fn typescript(setting: &Setting, server: &Path, counts: &mut Counts) -> Result<(), Failure> {
    let folder = workspace::root().join("clients/typescript");
    npm::packages(&folder)?;
    process::run(Command::new("npx").args(["--no-install", "tsc"]).current_dir(&folder))?;
    let mut command = Command::new("node");
    // The reporter whose last lines are counts.
    command.args(["--test", "--test-reporter=tap"]);
    if let Some(filter) = &setting.args.filter {
        command.arg(format!("--test-name-pattern={filter}"));
    }
    // Named one by one: what a folder means differs between versions of node.
    command.args(files(&folder.join("build/test"), ".test.js")?).current_dir(&folder).env("SIGNALBOX_BIN", server);
    run_counted(&mut command, counts, setting.args.filter.is_some(), tap)
}

fn python(setting: &Setting, server: &Path, counts: &mut Counts) -> Result<(), Failure> {
    let folder = workspace::root().join("clients/python");
    let mut command = Command::new(python::environment(&folder.join("requirements-test.txt"))?);
    command.args(["-m", "pytest", "-p", "no:cacheprovider"]).current_dir(&folder).env("SIGNALBOX_BIN", server);
    // A clone stays as it was.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    if let Some(filter) = &setting.args.filter {
        command.args(["-k", filter]);
    }
    run_counted(&mut command, counts, setting.args.filter.is_some(), pytest)
}

/// The files of a folder whose names end so, in order.
fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(ending) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn run_counted(
    command: &mut Command,
    counts: &mut Counts,
    is_filtered: bool,
    read: fn(&mut Counts, &str),
) -> Result<(), Failure> {
    let mut own = Counts::default();
    let ended_well = process::run_reading(command, |line| {
        println!("{line}");
        read(&mut own, line);
    })?;
    // A run that broke off has told no count. That a filter left nothing over is no failure.
    let nothing = own.passed + own.failed + own.ignored == 0 && is_filtered;
    if !ended_well && own.failed == 0 && !nothing {
        own.failed = 1;
    }
    counts.passed += own.passed;
    counts.failed += own.failed;
    counts.ignored += own.ignored;
    Ok(())
}

/// `# pass 12` and the like, at the end of what node's test runner says.
fn tap(counts: &mut Counts, line: &str) {
    let Some((word, number)) = line.strip_prefix("# ").and_then(|line| line.split_once(' ')) else { return };
    let Ok(number) = number.trim().parse::<u32>() else { return };
    match word {
        "pass" => counts.passed += number,
        "fail" | "cancelled" => counts.failed += number,
        "skipped" | "todo" => counts.ignored += number,
        _ => {}
    }
}

/// `=== 1 failed, 30 passed, 2 skipped in 12.51s ===`, the last line of pytest.
fn pytest(counts: &mut Counts, line: &str) {
    if !(line.starts_with("==") && line.ends_with("==") && line.contains(" in ")) {
        return;
    }
    for part in line.trim_matches(['=', ' ']).split(" in ").next().unwrap_or_default().split(", ") {
        let Some((number, word)) = part.split_once(' ') else { continue };
        let Ok(number) = number.parse::<u32>() else { continue };
        match word {
            "passed" => counts.passed += number,
            "failed" | "error" | "errors" => counts.failed += number,
            "skipped" | "xfailed" => counts.ignored += number,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_pytests_last_line() {
        let mut counts = Counts::default();
        for line in [
            "==== test session starts ====",
            "==== 1 failed, 30 passed, 2 skipped, 3 deselected in 12.51s ====",
            "==== 2 passed, 1 warning, 1 error in 62.00s (0:01:02) ====",
        ] {
            pytest(&mut counts, line);
        }
        assert_eq!(counts, Counts { passed: 32, failed: 2, ignored: 2 });
    }

    #[test]
    fn counts_are_read_from_the_last_lines() {
        let mut counts = Counts::default();
        for line in
            ["ok 1 - x", "# Subtest: pass 3", "# tests 7", "# pass 4", "# fail 1", "# cancelled 1", "# skipped 1"]
        {
            tap(&mut counts, line);
        }
        assert_eq!(counts, Counts { passed: 4, failed: 2, ignored: 1 });
    }
}
