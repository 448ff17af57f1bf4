//! Lines on stdout. A reader that went away is an error to end on, not a panic.

use serde::Serialize;
use std::{
    fmt::Arguments,
    io::{self, Write, stdout},
};

pub(in crate::cli) fn print(text: Arguments<'_>) -> io::Result<()> {
    let mut out = stdout().lock();
    out.write_fmt(text)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// One line of compact JSON.
pub(in crate::cli) fn json(value: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(value)?;
    text.push(b'\n');
    let mut out = stdout().lock();
    out.write_all(&text)?;
    out.flush()
}

/// Compact JSON, or what is to be said of it.
pub(in crate::cli) fn one<T: Serialize>(value: &T, is_json: bool, text: impl FnOnce(&T) -> String) -> io::Result<()> {
    if is_json { json(value) } else { print(format_args!("{}", text(value))) }
}

/// One line for each: compact JSON, or what `row` makes of it.
pub(in crate::cli) fn each<T: Serialize>(all: &[T], is_json: bool, row: impl Fn(&T) -> String) -> io::Result<()> {
    all.iter().try_for_each(|one| if is_json { json(one) } else { print(format_args!("{}", row(one))) })
}
