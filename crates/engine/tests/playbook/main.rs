//! What is wrong with a playbook is told at once, each problem with its place and the way out.
#![allow(clippy::unwrap_used)]

mod admission;
mod documentation;
mod every_problem_at_once;
mod graph;
mod hostile_yaml;
mod places;
mod triggers;
mod waits;
mod warnings;

use engine::playbook::parse;
use protocol::{Diagnostic, diagnostic::Level};

/// A playbook's head; its workflow begins on line 6.
const HEAD: &str = "apiVersion: signalbox/v1\nkind: Playbook\nmetadata:\n  name: t\n  path: tests/t\n";

fn errors(source: &str) -> Vec<Diagnostic> {
    let parsed = parse(source);
    let errors: Vec<Diagnostic> = parsed.diagnostics.into_iter().filter(|d| d.level == Level::Error).collect();
    assert_eq!(
        parsed.playbook.is_none(),
        !errors.is_empty(),
        "a playbook comes without errors, or not at all: {errors:?}"
    );
    errors
}

fn warnings(source: &str) -> Vec<Diagnostic> {
    parse(source).diagnostics.into_iter().filter(|d| d.level == Level::Warning).collect()
}

/// `code line:column pointer`
fn short(diagnostic: &Diagnostic) -> String {
    format!("{} {}:{} {}", diagnostic.code, diagnostic.line, diagnostic.column, diagnostic.pointer)
}
