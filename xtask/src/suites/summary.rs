//! The table at the end.

use super::Row;
use crate::progress::{Style, paint, seconds};

pub fn print(rows: &[Row]) {
    eprintln!();
    eprintln!("{}", paint(Style::Strong, "suite         passed  failed  ignored       time"));
    for row in rows {
        let counts = row.counts;
        let line = format!(
            "{:<13} {:>6}  {:>6}  {:>7}  {:>9}",
            row.name,
            counts.passed,
            counts.failed,
            counts.ignored,
            seconds(row.took)
        );
        eprintln!("{}", paint(if counts.failed == 0 { Style::Good } else { Style::Bad }, &line));
        if let Some(reason) = &row.reason {
            eprintln!("  {reason}");
        }
    }
}
