//! `after` and `limit` of pages of history.

use crate::rest::Refusal;
use protocol::{Position, Problem};
use serde::Deserialize;
use utoipa::IntoParams;

/// A page of history.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// Events after this position; from the beginning when absent.
    #[serde(default)]
    after: Option<u64>,
    /// 1 to 1000; 100 unless told.
    #[serde(default)]
    limit: Option<u32>,
}

/// Events of a page unless told, and at most.
const LIMIT: u32 = 100;
const MOST: u32 = 1000;

impl PageQuery {
    pub(super) fn after(&self) -> Position {
        Position(self.after.unwrap_or(0))
    }

    pub(super) fn limit(&self) -> Result<u32, Refusal> {
        events(self.limit)
    }
}

/// How many events are meant.
pub(super) fn events(limit: Option<u32>) -> Result<u32, Refusal> {
    let limit = limit.unwrap_or(LIMIT);
    within(limit, MOST).map(|()| limit)
}

/// Refuses a `limit` outside 1 to `most`.
pub(super) fn within(limit: u32, most: u32) -> Result<(), Refusal> {
    if (1..=most).contains(&limit) {
        return Ok(());
    }
    Err(Problem::bad_request("query_parameter", format!("`limit` is {limit}; expected 1 to {most}")).into())
}
