//! Copies of a store that any store can be made from: text, one row a line, the same from SQLite and PostgreSQL.
//!
//! ```text
//! {"signalbox_backup":1,"epoch":"…","head":123,"taken_at":1700000000000}
//! {"t":"events","r":[1,"…",…]}
//! …
//! {"rows":4711,"sha256":"…"}
//! ```
//!
//! The last line counts the rows and hashes all lines before it. A copy holds what is true, and nothing that is
//! computed from it: a restored store is rebuilt. Who owns an execution and who serves is not in it.

mod dump;
mod load;
mod source;
mod tables;

pub use source::back_up;

use serde::{Deserialize, Serialize};

/// Of the format; a reader takes those it knows.
const FORMAT: u32 = 1;
/// In `meta`, while a store is made from a copy.
const RESTORING: &str = "restoring";

pub(crate) use load::is_whole;

/// What a copy holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Backup {
    /// Of the store it was made of.
    pub epoch: protocol::Epoch,
    /// Its newest event.
    pub head: protocol::Position,
    pub taken_at: protocol::Timestamp,
    pub rows: u64,
}

#[derive(Serialize, Deserialize)]
struct Head {
    signalbox_backup: u32,
    epoch: String,
    head: u64,
    taken_at: i64,
}

#[derive(Serialize, Deserialize)]
struct End {
    rows: u64,
    sha256: String,
}

fn hex(hash: &[u8]) -> String {
    use std::fmt::Write;
    hash.iter().fold(String::with_capacity(hash.len() * 2), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes everything");
        hex
    })
}
