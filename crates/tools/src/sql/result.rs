//! What statements returned, as JSON, within limits.

use protocol::TaskError;
use serde_json::{Map, Value, json};

/// Rows of one statement. More than this belongs into a table or a file, not into an event.
pub(crate) const ROWS: usize = 10_000;

/// A step's whole result, roughly, as JSON.
const RESULT_BYTES: usize = 4 << 20;

/// What a step's statements returned so far is counted here, so that the limit holds for all of them together.
#[derive(Default)]
pub(crate) struct Budget {
    bytes: usize,
}

impl Budget {
    /// # Errors
    /// `result_too_large`.
    pub(crate) fn take(&mut self, protocol: &str, bytes: usize) -> Result<(), TaskError> {
        self.bytes += bytes;
        if self.bytes > RESULT_BYTES {
            return Err(too_large(protocol, &format!("larger than {RESULT_BYTES} bytes (4 MiB)")));
        }
        Ok(())
    }
}

pub(crate) fn too_large(protocol: &str, what: &str) -> TaskError {
    TaskError::new(
        "result_too_large",
        format!("{protocol}: the result is {what}: use LIMIT, aggregate, or select fewer columns"),
    )
}

/// Column names as the statement has them; one that occurs again gets `:1`, `:2` …, as SQLite itself does it.
pub(crate) fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for name in names {
        let mut unique = name.to_owned();
        let mut count = 0;
        while columns.contains(&unique) {
            count += 1;
            unique = format!("{name}:{count}");
        }
        columns.push(unique);
    }
    columns
}

/// What one statement came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct StatementResult {
    pub(crate) columns: Vec<String>,
    /// Maps, by column.
    pub(crate) rows: Vec<Value>,
    pub(crate) rows_affected: u64,
}

impl StatementResult {
    /// `{rows, row_count, columns, rows_affected}`
    pub(crate) fn into_map(self) -> Map<String, Value> {
        let mut map = Map::new();
        map.insert("row_count".to_owned(), json!(self.rows.len()));
        map.insert("rows".to_owned(), Value::Array(self.rows));
        map.insert("columns".to_owned(), json!(self.columns));
        map.insert("rows_affected".to_owned(), json!(self.rows_affected));
        map
    }
}
