//! Events per second, from the log alone: positions have no gaps, so the events between two moments are the
//! difference of two positions, and each moment is found by halving. A minute over ten million events takes some
//! 1,500 row look-ups in one statement and costs commits nothing.
//!
//! Exact when times do not go back from one position to the next. They may, by the milliseconds between a commit's
//! decision and its turn: then an event may be counted in the neighbouring second.

use crate::{
    StoreError,
    sql::{connection::Connection, statement::sql},
};
use protocol::Timestamp;

/// `(boundary in ms, first position at or after it)` for the boundaries `until - n * 1000`.
const BOUNDARIES: &str = "
WITH RECURSIVE second(boundary) AS (
    SELECT $1 - $2 * 1000
    UNION ALL SELECT boundary + 1000 FROM second WHERE boundary < $1
), search(boundary, low, high) AS (
    SELECT boundary, coalesce((SELECT min(position) FROM events), 1), coalesce((SELECT max(position) FROM events), 0) + 1
    FROM second
    UNION ALL
    SELECT boundary,
        CASE WHEN e.time < boundary THEN (low + high) / 2 + 1 ELSE low END,
        CASE WHEN e.time < boundary THEN high ELSE (low + high) / 2 END
    FROM search CROSS JOIN events e
    WHERE low < high AND e.position = (SELECT min(m.position) FROM events m WHERE m.position >= (low + high) / 2)
)
SELECT boundary, low FROM search WHERE low >= high ORDER BY boundary";

/// Counts for each of the `seconds` seconds before `until`, oldest first.
pub(crate) async fn rate(
    connection: &mut Connection<'_>,
    until: Timestamp,
    seconds: u32,
) -> Result<Vec<u32>, StoreError> {
    let boundaries: Vec<(i64, i64)> = sql(BOUNDARIES).bind(until.0).bind(seconds).all(connection).await?;
    Ok(boundaries.windows(2).map(|pair| u32::try_from((pair[1].1 - pair[0].1).max(0)).unwrap_or(u32::MAX)).collect())
}
