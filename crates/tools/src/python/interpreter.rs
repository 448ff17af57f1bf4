//! Finding the interpreter once, so that every task starts it directly.

use protocol::TaskError;
use std::{path::PathBuf, process::Stdio, time::Duration};
use tokio::process::Command;

/// Asking python for its path takes milliseconds; a wrapper script on PATH may take a second.
const PATIENCE: Duration = Duration::from_secs(20);

const OLDEST: (u32, u32) = (3, 8);

/// The real executable behind `name` (which may be a wrapper script, as pyenv's are).
///
/// # Errors
/// `python_missing` when it cannot be started, does not answer, or is too old.
pub(super) async fn find(name: &str) -> Result<PathBuf, TaskError> {
    let missing = |why: String| {
        TaskError::new("python_missing", format!("python steps need `{name}`: {why}. Install python3 (3.8 or later)"))
    };
    let asked = Command::new(name)
        .args(["-I", "-S", "-c", "import sys; print(*sys.version_info[:2], sys.executable)"])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, asked)
        .await
        .map_err(|_| missing("it did not answer".to_owned()))?
        .map_err(|error| missing(error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut words = text.trim().splitn(3, ' ');
    let mut number = || words.next().and_then(|word| word.parse::<u32>().ok());
    let (Some(major), Some(minor)) = (number(), number()) else {
        return Err(missing(format!("it is no python 3 ({})", output.status)));
    };
    if (major, minor) < OLDEST {
        return Err(missing(format!("it is python {major}.{minor}")));
    }
    match words.next() {
        Some(path) if path.starts_with('/') => Ok(PathBuf::from(path)),
        _ => Ok(PathBuf::from(name)),
    }
}
