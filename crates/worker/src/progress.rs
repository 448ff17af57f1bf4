//! How far a task is, told while it runs.

use std::{fmt, sync::Arc};

/// Where a running task tells of itself. What is told is shown to whoever watches and never stored; under pressure
/// only the newest of it arrives. The logs that are kept are the run's.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(Told) + Send + Sync>);

/// One thing told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    Percent(f64),
    Message(String),
    Stdout(String),
    Stderr(String),
}

impl Progress {
    /// Nobody listens.
    pub fn silent() -> Self {
        Self::to(|_| {})
    }

    pub(crate) fn to(tell: impl Fn(Told) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// 0 to 100.
    pub fn percent(&self, percent: f64) {
        (self.0)(Told::Percent(percent));
    }

    /// A few words on what it does now.
    pub fn message(&self, message: impl Into<String>) {
        (self.0)(Told::Message(message.into()));
    }

    /// What the work just wrote, line ends included.
    pub fn stdout(&self, text: impl Into<String>) {
        (self.0)(Told::Stdout(text.into()));
    }

    /// As [`Progress::stdout`].
    pub fn stderr(&self, text: impl Into<String>) {
        (self.0)(Told::Stderr(text.into()));
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}
