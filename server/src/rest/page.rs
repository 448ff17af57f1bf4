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

pub(super) const LIMIT: u32 = 100;
pub(super) const MOST: u32 = 1000;

impl PageQuery {
    pub(super) fn after(&self) -> Position {
        Position(self.after.unwrap_or(0))
    }

    pub(super) fn limit(&self) -> Result<u32, Refusal> {
        limit(self.limit)
    }
}

pub(super) fn limit(limit: Option<u32>) -> Result<u32, Refusal> {
    match limit.unwrap_or(LIMIT) {
        limit @ 1..=MOST => Ok(limit),
        limit => {
            Err(Problem::bad_request("query_parameter", format!("`limit` is {limit}; expected 1 to {MOST}")).into())
        }
    }
}
