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
