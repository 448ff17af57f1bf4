//! The repository's own commands. `cargo xtask help` lists them.
//!
//! Absences: nothing here is part of the product, nothing is downloaded but what cargo, npm and apt are asked
//! for by name, and no toolchain is installed.

mod args;
mod cargo;
mod commands;
mod interrupt;
mod npm;
mod prerequisites;
mod process;
mod progress;
mod python;
mod services;
mod site;
mod stamp;
mod suites;
mod workspace;

use std::process::ExitCode;

/// Why a command could not go on. The text is for a person; `code` is what the process exits with.
pub struct Failure {
    pub message: String,
    pub code: u8,
}

impl Failure {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error.to_string())
    }
}

fn main() -> ExitCode {
    match args::parse().and_then(commands::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.message.is_empty() {
                progress::error(&failure.message);
            }
            ExitCode::from(failure.code)
        }
    }
}
