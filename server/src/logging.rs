//! Logging: compact lines on stderr, coloured on a terminal only. Nothing secret is ever logged.

use protocol::event::Severity;
use runtime::{Trouble, Troubles};
use std::{
    fmt,
    io::{IsTerminal, stderr},
    sync::{Mutex, PoisonError},
};
use tracing::{Event, Level, Subscriber, field::Field};
use tracing_subscriber::{
    EnvFilter, Layer, filter::LevelFilter, layer::Context, layer::SubscriberExt, util::SubscriberInitExt,
};

/// Where errors are told as alerts; nowhere, while no server runs.
static ALARM: Mutex<Option<Troubles>> = Mutex::new(None);
/// The target of what is only for the log.
const TRACE: &str = "trace";

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
    let lines = tracing_subscriber::fmt::layer()
        .compact()
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()))
        .with_filter(filter);
    let _ = tracing_subscriber::registry().with(lines).with(Alarm.with_filter(LevelFilter::ERROR)).try_init();
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
            tracing::error!(target: TRACE, "{trace}");
        }
    }));
}

/// From here on errors are told as alerts too.
pub(crate) fn tell_errors(troubles: Option<Troubles>) {
    *ALARM.lock().unwrap_or_else(PoisonError::into_inner) = troubles;
}

/// Errors of this program as alerts: what went wrong and where, without the details, which are the log's.
struct Alarm;

impl<S: Subscriber> Layer<S> for Alarm {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let component = event.metadata().target().split("::").next().unwrap_or_default();
        let is_ours = ["runtime", "hub", "store", "server", "tools", "worker", "engine", "app"].contains(&component);
        if *event.metadata().level() != Level::ERROR || !is_ours {
            return;
        }
        let Some(troubles) = ALARM.lock().unwrap_or_else(PoisonError::into_inner).clone() else { return };
        let mut message = Message(String::new());
        event.record(&mut message);
        troubles.tell(Trouble {
            severity: Severity::Error,
            component: component.to_owned(),
            code: "internal_error",
            about: message.0.clone(),
            message: format!("{}; the server's log has more", message.0),
        });
    }
}

/// The words of an event.
struct Message(String);

impl tracing::field::Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let words = format!("{value:?}");
            self.0 = words.lines().next().unwrap_or_default().chars().take(300).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_and_fields_are_not() {
        struct Keep(std::sync::Arc<Mutex<Vec<String>>>);
        impl<S: Subscriber> Layer<S> for Keep {
            fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
                let mut message = Message(String::new());
                event.record(&mut message);
                self.0.lock().unwrap().push(message.0);
            }
        }
        let kept = std::sync::Arc::new(Mutex::new(Vec::new()));
        let subscriber = tracing_subscriber::registry().with(Keep(kept.clone()));
        tracing::subscriber::with_default(subscriber, || {
            tracing::error!(secret = "sesame", "the {} failed\nand more", "store");
        });
        assert_eq!(*kept.lock().unwrap(), ["the store failed"]);
    }
}
