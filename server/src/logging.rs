//! Logging: compact lines on stderr, coloured on a terminal only. Nothing secret is ever logged.

use std::io::{IsTerminal, stderr};
use tracing_subscriber::EnvFilter;

#[derive(Debug, thiserror::Error)]
#[error("`{filter}` is no log filter: {reason}; expected a level such as debug, or TARGET=LEVEL,…")]
pub(crate) struct NotAFilter {
    filter: String,
    reason: String,
}

/// Starts logging. `filter` is what `--log` and its like said; else `RUST_LOG`; else `default`.
///
/// # Errors
/// When the filter does not parse.
pub(crate) fn start(filter: Option<&str>, default: &str) -> Result<(), NotAFilter> {
    let from_environment = std::env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty());
    let text = filter.map(str::to_owned).or(from_environment).unwrap_or_else(|| default.to_owned());
    let filter = EnvFilter::try_new(&text)
        .map_err(|error| NotAFilter { reason: error.to_string(), filter: text.chars().take(100).collect() })?;
    // A second start (tests in one process) keeps the first.
    let _ = tracing_subscriber::fmt()
        .compact()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()))
        .try_init();
    log_panics();
    Ok(())
}

/// A panic becomes one line of the log, with its place; the process goes on.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("no message");
        let thread = std::thread::current();
        tracing::error!(place, thread = thread.name(), "a defect of this program: {message}");
        let trace = std::backtrace::Backtrace::capture();
        if trace.status() == std::backtrace::BacktraceStatus::Captured {
            tracing::error!("{trace}");
        }
    }));
}
