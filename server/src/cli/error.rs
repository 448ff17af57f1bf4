//! How a command ends.

use crate::{ServeError, config::ConfigError};
use protocol::Problem;
use std::{fmt, io, process::ExitCode};
use store::StoreError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Done,
    /// The execution failed or was cancelled; or the command could not be carried out.
    Failed,
    /// What was given to the command is wrong: trying again will not help.
    BadInput,
    /// Left while the execution went on.
    Left,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => ExitCode::SUCCESS,
            Exit::Failed => ExitCode::from(1),
            Exit::BadInput => ExitCode::from(2),
            Exit::Left => ExitCode::from(130),
        }
    }
}

/// Why a command did not do it, as one message for stderr.
#[derive(Debug)]
pub(super) struct Error {
    exit: Exit,
    /// Empty: everything was said already.
    message: String,
}

impl Error {
    pub(super) fn bad_input(message: impl fmt::Display) -> Self {
        Self { exit: Exit::BadInput, message: message.to_string() }
    }

    pub(super) fn failed(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Failed, message: message.to_string() }
    }

    pub(super) fn report(self) -> ExitCode {
        if !self.message.is_empty() {
            eprintln!("signalbox: {}", self.message);
        }
        self.exit.into()
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::bad_input(error)
    }
}

impl From<crate::logging::NotAFilter> for Error {
    fn from(error: crate::logging::NotAFilter) -> Self {
        Self::bad_input(error)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::failed(error)
    }
}

impl From<ServeError> for Error {
    fn from(error: ServeError) -> Self {
        Self::failed(error)
    }
}

/// What a use case refuses is wrong input when its status says so.
impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        let exit = if problem.temporary || problem.status >= 500 { Exit::Failed } else { Exit::BadInput };
        let mut message = problem.detail;
        for diagnostic in &problem.diagnostics {
            message.push_str(&format!("\n{diagnostic}"));
        }
        Self { exit, message }
    }
}

/// Of standard output. A reader that has seen enough (`| head`) is no failure worth a word.
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self { exit: Exit::Done, message: String::new() },
            _ => Self::failed(format!("the output could not be written: {error}")),
        }
    }
}
