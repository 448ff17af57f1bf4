//! What is wrong with a playbook, with the line it is in.
//!
//! ```text
//! error[unknown_step]: step `fetch`: `next` names `parse`, which is no step
//!   --> triage.yaml:14:15  /workflow/1/next/0/step
//!    |
//! 14 |       - step: parse
//!    |               ^
//!    = did you mean `parsed`?
//! ```

use console::Style;
use protocol::{Diagnostic, diagnostic::Level};
use std::fmt::Write as _;

/// Longest part of a source line that is shown, in characters.
const WIDTH: usize = 120;

/// Writes them to stderr.
pub(in crate::cli) fn show(file: &str, source: &str, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        eprint!("{}", text(file, source, diagnostic, console::colors_enabled_stderr()));
    }
}

/// `1 error`, `2 errors`.
pub(in crate::cli) fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn text(file: &str, source: &str, diagnostic: &Diagnostic, coloured: bool) -> String {
    let (level, colour) = match diagnostic.level {
        Level::Error => ("error", Style::new().red().bold()),
        Level::Warning => ("warning", Style::new().yellow().bold()),
    };
    let dim = Style::new().dim().force_styling(coloured);
    let head = colour.force_styling(coloured).apply_to(format!("{level}[{}]", diagnostic.code));
    let number = diagnostic.line.to_string();
    let margin = " ".repeat(number.len());
    let mut out = String::new();
    let mut add = |line: std::fmt::Arguments<'_>| {
        // Writing to a String does not fail.
        let _ = out.write_fmt(line);
        out.push('\n');
    };
    add(format_args!("{head}: {}", diagnostic.message));
    let place = format!("{file}:{}:{}", diagnostic.line, diagnostic.column);
    add(format_args!("{margin}{} {place}  {}", dim.apply_to("-->"), dim.apply_to(&diagnostic.pointer)));
    if let Some(line) = source_line(source, diagnostic.line) {
        let (shown, column) = excerpt(line, diagnostic.column);
        add(format_args!("{margin} {}", dim.apply_to("|")));
        add(format_args!("{number} {} {shown}", dim.apply_to("|")));
        add(format_args!("{margin} {} {}^", dim.apply_to("|"), " ".repeat(column)));
    }
    if let Some(hint) = &diagnostic.hint {
        add(format_args!("{margin} {} {hint}", dim.apply_to("=")));
    }
    out.push('\n');
    out
}

fn source_line(source: &str, line: u32) -> Option<&str> {
    source.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)
}

/// The line, cut around the column when it is long; and the place in it, from 0. Tabs and other control
/// characters are shown as spaces, so that the mark stays under its place.
fn excerpt(line: &str, column: u32) -> (String, usize) {
    let column = (column as usize).saturating_sub(1);
    let from = column.saturating_sub(WIDTH * 2 / 3);
    let from = if column < WIDTH { 0 } else { from };
    let shown = line.chars().skip(from).take(WIDTH).map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    let place = (column - from).min(shown.chars().count());
    (shown, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostic(line: u32, column: u32) -> Diagnostic {
        Diagnostic {
            level: Level::Error,
            code: "unknown_step".to_owned(),
            message: "`parse` is no step".to_owned(),
            line,
            column,
            pointer: "/workflow/0".to_owned(),
            hint: Some("did you mean `parsed`?".to_owned()),
        }
    }

    #[test]
    fn the_mark_is_under_its_place() {
        let shown = text("f.yaml", "a: 1\n\tb: parse\n", &diagnostic(2, 5), false);
        assert_eq!(
            shown,
            "error[unknown_step]: `parse` is no step\n --> f.yaml:2:5  /workflow/0\n  |\n2 |  b: parse\n  |     ^\n  = \
             did you mean `parsed`?\n\n"
        );
    }

    #[test]
    fn places_outside_the_source_are_named_without_it() {
        let shown = text("f.yaml", "a: 1\n", &diagnostic(7, 1), false);
        assert!(shown.contains("f.yaml:7:1") && !shown.contains('^'), "{shown}");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let line = format!("{}X{}", "a".repeat(500), "b".repeat(500));
        let (shown, place) = excerpt(&line, 501);
        assert_eq!(shown.chars().nth(place), Some('X'));
        assert_eq!(shown.chars().count(), WIDTH);
    }
}
