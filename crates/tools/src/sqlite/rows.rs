//! Rows as JSON.

use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::TaskError;
use serde_json::{Map, Number, Value, json};
use sqlx::{Column, Row, TypeInfo, ValueRef, sqlite::SqliteRow};

/// Rows of one statement. More than this belongs into a table or a file, not into an event.
const ROWS: usize = 10_000;

/// A step's whole result, roughly, as JSON.
const RESULT_BYTES: usize = 4 << 20;

/// What a step's statements returned so far is counted here, so that the limit holds for all of them together.
#[derive(Default)]
pub(super) struct Budget {
    bytes: usize,
}

/// What one statement returned.
pub(super) struct Rows {
    columns: Vec<String>,
    rows: Vec<Value>,
}

impl Rows {
    /// `names` as the statement has them; one that occurs again gets `:1`, `:2` … as SQLite itself does it.
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
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
        Self { columns, rows: Vec::new() }
    }

    /// # Errors
    /// `result_too_large` over a limit; `sqlite_value` for what JSON has no word for.
    pub(super) fn push(&mut self, row: &SqliteRow, budget: &mut Budget) -> Result<(), TaskError> {
        if self.rows.len() == ROWS {
            return Err(too_large(&format!("more than {ROWS} rows")));
        }
        let mut map = Map::new();
        for (index, name) in self.columns.iter().enumerate() {
            let value = value(row, index)?;
            budget.bytes += name.len() + 8 + value.as_str().map_or(8, str::len);
            if let Some(text) = value.get("base64").and_then(Value::as_str) {
                budget.bytes += text.len();
            }
            map.insert(name.clone(), value);
        }
        if budget.bytes > RESULT_BYTES {
            return Err(too_large(&format!("larger than {RESULT_BYTES} bytes (4 MiB)")));
        }
        self.rows.push(Value::Object(map));
        Ok(())
    }

    pub(super) fn into_result(self, rows_affected: u64, last_insert_rowid: Option<i64>) -> Map<String, Value> {
        let mut result = Map::new();
        result.insert("row_count".to_owned(), json!(self.rows.len()));
        result.insert("rows".to_owned(), Value::Array(self.rows));
        result.insert("columns".to_owned(), json!(self.columns));
        result.insert("rows_affected".to_owned(), json!(rows_affected));
        result.insert("last_insert_rowid".to_owned(), json!(last_insert_rowid));
        result
    }
}

fn too_large(what: &str) -> TaskError {
    TaskError::new(
        "result_too_large",
        format!("sqlite: the result is {what}: use LIMIT, aggregate, or select fewer columns"),
    )
}

fn value(row: &SqliteRow, index: usize) -> Result<Value, TaskError> {
    let unreadable = |error: sqlx::Error| {
        TaskError::new("sqlite_value", format!("sqlite: column `{}` cannot be read: {error}", row.column(index).name()))
    };
    let raw = row.try_get_raw(index).map_err(unreadable)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    // The type of the value itself, not of the column: SQLite's columns hold anything.
    let kind = raw.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "INTEGER" | "BOOLEAN" => json!(row.try_get_unchecked::<i64, _>(index).map_err(unreadable)?),
        "REAL" => {
            let real: f64 = row.try_get_unchecked(index).map_err(unreadable)?;
            Value::Number(Number::from_f64(real).ok_or_else(|| {
                let name = row.column(index).name();
                TaskError::new("sqlite_value", format!("sqlite: column `{name}` is {real}, which JSON has no word for"))
            })?)
        }
        "BLOB" => json!({"base64": STANDARD.encode(row.try_get_unchecked::<&[u8], _>(index).map_err(unreadable)?)}),
        _ => {
            let bytes: &[u8] = row.try_get_unchecked(index).map_err(unreadable)?;
            Value::String(String::from_utf8_lossy(bytes).into_owned())
        }
    })
}
