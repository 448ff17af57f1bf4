//! Collecting everything that is wrong.

use super::node::Place;
use protocol::{Diagnostic, diagnostic::Level};

/// Most problems told at once; a file with more has one cause.
const MAX_PROBLEMS: usize = 200;

#[derive(Default)]
pub(super) struct Problems {
    list: Vec<Diagnostic>,
    omitted: usize,
    omitted_errors: usize,
}

impl Problems {
    pub(super) fn error(
        &mut self,
        code: &str,
        place: Place,
        pointer: &str,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        self.push(Level::Error, code, place, pointer, message.into(), hint);
    }

    pub(super) fn warning(
        &mut self,
        code: &str,
        place: Place,
        pointer: &str,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        self.push(Level::Warning, code, place, pointer, message.into(), hint);
    }

    fn push(&mut self, level: Level, code: &str, place: Place, pointer: &str, message: String, hint: Option<String>) {
        if self.is_full() {
            self.omitted += 1;
            self.omitted_errors += usize::from(level == Level::Error);
            return;
        }
        let (line, column) = (place.line.max(1), place.column.max(1));
        self.list.push(Diagnostic {
            level,
            code: code.to_owned(),
            message,
            line,
            column,
            pointer: pointer.to_owned(),
            hint,
        });
    }

    pub(super) fn is_full(&self) -> bool {
        self.list.len() >= MAX_PROBLEMS
    }

    pub(super) fn has_errors(&self) -> bool {
        self.omitted_errors > 0 || self.list.iter().any(|diagnostic| diagnostic.level == Level::Error)
    }

    /// All of them in the order of the source.
    pub(super) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column, diagnostic.level));
        if self.omitted > 0 {
            let level = if self.omitted_errors > 0 { Level::Error } else { Level::Warning };
            let message = format!("{} more problems are not listed", self.omitted);
            let (line, column) = self.list.last().map_or((1, 1), |last| (last.line, last.column));
            let hint = Some("fix these first".to_owned());
            let (code, pointer) = ("too_many_problems".to_owned(), String::new());
            self.list.push(Diagnostic { level, code, message, line, column, pointer, hint });
        }
        self.list
    }
}
