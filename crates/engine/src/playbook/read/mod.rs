//! From the YAML tree to a playbook, telling every problem on the way.

mod action;
mod admission;
mod at;
mod auth;
mod compile;
mod document;
mod encoded;
mod foreign;
mod form;
mod iterate;
mod limits;
mod next;
mod number;
mod retry;
mod save;
mod schedule;
mod schema;
mod step;
mod types;
mod wait;
mod webhook;
mod workbook;

pub use limits::MAX_SOURCE_BYTES;
pub use schema::schema;

use super::{Parsed, node::Place, problems::Problems, yaml};
use compile::Compiler;

/// Reads a playbook. Never panics; everything that is wrong is in the diagnostics, each with its place.
pub fn parse(source: &str) -> Parsed {
    let mut problems = Problems::default();
    let playbook = if source.len() > MAX_SOURCE_BYTES {
        let message = format!("the source is {} bytes; the limit is {MAX_SOURCE_BYTES}", source.len());
        let hint = "keep data out of the playbook: pass it as input, or read it in a step";
        problems.error("source_too_large", Place { line: 1, column: 1 }, "", message, Some(hint.into()));
        None
    } else {
        let mut compiler = Compiler::default();
        yaml::read(source, &mut problems).and_then(|node| document::read(&node, &mut compiler, &mut problems))
    };
    let playbook = playbook.filter(|_| !problems.has_errors());
    Parsed { playbook, diagnostics: problems.into_diagnostics() }
}
