//! Playwright's stories in end2end/, against the built server, in Debian's Chromium.

use super::{Counts, Setting};
use crate::{Failure, npm, process, progress, workspace};
use std::{fs, path::Path, process::Command};

pub fn run(setting: &Setting) -> Result<Counts, Failure> {
    let missing = |what: &str| Failure::new(format!("{what} is missing"));
    let server = setting.server.as_deref().ok_or_else(|| missing("the server's binary"))?;
    let chromium = setting.chromium.as_deref().ok_or_else(|| missing("Chromium"))?;
    let folder = workspace::root().join("end2end");
    npm::packages(&folder)?;

    let report = workspace::target().join("end2end.json");
    let _ = fs::remove_file(&report);
    let mut command = Command::new("npx");
    command.args(["--no-install", "playwright", "test", "--pass-with-no-tests"]).current_dir(&folder);
    command.arg(format!("--reporter={},json", if progress::is_watched() { "list" } else { "dot" }));
    if let Some(filter) = &setting.args.filter {
        command.arg("--grep").arg(filter);
    }
    if setting.args.full {
        command.env("SIGNALBOX_FULL", "1");
    }
    command.env("PLAYWRIGHT_JSON_OUTPUT_FILE", &report).env("PLAYWRIGHT_JSON_OUTPUT_NAME", &report);
    command.env("SIGNALBOX_BIN", server).env("SIGNALBOX_SITE_DIR", workspace::site()).env("CHROMIUM_PATH", chromium);
    let ended_well = process::run_reading(&mut command, |line| println!("{line}"))?;

    let mut counts = read(&report)?;
    if !ended_well && counts.failed == 0 {
        counts.failed = 1;
    }
    Ok(counts)
}

fn read(report: &Path) -> Result<Counts, Failure> {
    let text = fs::read_to_string(report).map_err(|_| Failure::new("Playwright wrote no report"))?;
    let report: serde_json::Value = serde_json::from_str(&text)?;
    let count = |name: &str| report["stats"][name].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    // A test that passed only when tried again has failed.
    Ok(Counts { passed: count("expected"), failed: count("unexpected") + count("flaky"), ignored: count("skipped") })
}
