//! The suites of `cargo xtask test`, and what comes of them.

mod browser;
mod clients;
mod portable;
mod rust;
mod summary;

pub use rust::compile;
pub use summary::print;

use crate::{Failure, args::TestArgs};
use std::{path::PathBuf, time::Duration};

/// In the order they run: the quick ones that tell most come first.
pub const ALL: [Suite; 7] =
    [Suite::Portable, Suite::Unit, Suite::Integration, Suite::Doc, Suite::Xtask, Suite::Clients, Suite::Browser];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Suite {
    /// `protocol` and `engine` compile for wasm32.
    Portable,
    /// Tests inside the crates, properties among them.
    Unit,
    /// Tests beside the crates: conformance, the real server, `kill -9`.
    Integration,
    /// Examples in the documentation.
    Doc,
    /// Tests of xtask itself.
    Xtask,
    /// The client libraries, and Socket.IO's, against the server.
    Clients,
    /// User stories in a real browser.
    Browser,
}

/// What the suites run with.
pub struct Setting<'a> {
    pub args: &'a TestArgs,
    /// Names and addresses of PostgreSQL and Redis.
    pub env: &'a [(&'static str, String)],
    /// The built server, for clients and browser; and the browser to drive.
    pub server: Option<PathBuf>,
    pub chromium: Option<PathBuf>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Counts {
    pub passed: u32,
    pub failed: u32,
    pub ignored: u32,
}

/// One row of the table at the end.
pub struct Row {
    pub name: String,
    pub counts: Counts,
    pub took: Duration,
    /// Why it could not even run.
    pub reason: Option<String>,
}

impl Suite {
    pub fn word(self) -> &'static str {
        match self {
            Suite::Portable => "portable",
            Suite::Unit => "unit",
            Suite::Integration => "integration",
            Suite::Doc => "doc",
            Suite::Xtask => "xtask",
            Suite::Clients => "clients",
            Suite::Browser => "browser",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Suite::Portable => "Crates that must run anywhere (wasm32)",
            Suite::Unit => "Tests inside the crates",
            Suite::Integration => "Tests beside the crates",
            Suite::Doc => "Examples in the documentation",
            Suite::Xtask => "Tests of xtask",
            Suite::Clients => "Client libraries and Socket.IO",
            Suite::Browser => "Stories in the browser",
        }
    }

    /// Needs the workspace's test programs, and the databases.
    pub fn is_rust(self) -> bool {
        matches!(self, Suite::Unit | Suite::Integration | Suite::Doc)
    }

    /// # Errors
    /// When it could not run at all.
    pub fn run(self, setting: &Setting) -> Result<Counts, Failure> {
        match self {
            Suite::Portable => portable::run(),
            Suite::Unit => rust::run(&["--lib", "--bins"], setting),
            Suite::Integration => rust::run(&["--test", "*"], setting),
            Suite::Doc => rust::run(&["--doc"], setting),
            Suite::Xtask => rust::run_xtask(setting),
            Suite::Clients => clients::run(setting),
            Suite::Browser => browser::run(setting),
        }
    }
}

/// The suites asked for.
///
/// # Errors
/// When a name is none of ours.
pub fn chosen(only: &[String]) -> Result<Vec<Suite>, Failure> {
    if only.is_empty() {
        return Ok(ALL.to_vec());
    }
    let words = || ALL.map(Suite::word).join(", ");
    for name in only {
        if !ALL.iter().any(|suite| suite.word() == name) {
            let message = format!("there is no suite `{name}`: the suites are {}", words());
            return Err(Failure { message, code: 2 });
        }
    }
    Ok(ALL.into_iter().filter(|suite| only.iter().any(|name| name == suite.word())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_run_in_their_own_order_whatever_was_asked_first() {
        let chosen = |words: &[&str]| chosen(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>()).ok();
        assert_eq!(chosen(&["browser", "unit"]), Some(vec![Suite::Unit, Suite::Browser]));
        assert_eq!(chosen(&[]), Some(ALL.to_vec()));
        assert_eq!(chosen(&["units"]), None);
    }
}
