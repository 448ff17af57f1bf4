//! What is read back, one file per subject.

pub(crate) mod events;
pub(crate) mod executions;
pub(crate) mod playbooks;
pub(crate) mod rate;
pub(crate) mod tasks;

use crate::StoreError;
use protocol::{Position, Timestamp};
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::str::FromStr;

/// A position as the database counts.
pub(crate) fn int(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

pub(crate) fn position(int: i64) -> Position {
    Position(u64::try_from(int).unwrap_or(0))
}

pub(crate) fn number<T: TryFrom<i64>>(int: i64, what: impl Fn() -> String) -> Result<T, StoreError> {
    T::try_from(int).map_err(|_| StoreError::Corrupt(format!("{}: {int} is out of range", what())))
}

pub(crate) fn parsed<T: FromStr<Err: Display>>(text: &str, what: impl Fn() -> String) -> Result<T, StoreError> {
    text.parse().map_err(|error| StoreError::Corrupt(format!("{}: {error}", what())))
}

pub(crate) fn json<T: DeserializeOwned>(text: &str, what: impl Fn() -> String) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(format!("{}: {error}", what())))
}

pub(crate) fn time(ms: Option<i64>) -> Option<Timestamp> {
    ms.map(Timestamp)
}
