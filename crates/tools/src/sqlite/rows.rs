//! Rows as JSON.

use crate::sql::{Budget, ROWS, StatementResult, too_large, unique};
use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::TaskError;
use serde_json::{Map, Number, Value, json};
use sqlx::{Column, Row, TypeInfo, ValueRef, sqlite::SqliteRow};

/// What one statement returned.
pub(super) struct Rows {
    columns: Vec<String>,
    rows: Vec<Value>,
}

impl Rows {
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        Self { columns: unique(names), rows: Vec::new() }
    }

    /// # Errors
    /// `result_too_large` over a limit; `sqlite_value` for what JSON has no word for.
    pub(super) fn push(&mut self, row: &SqliteRow, budget: &mut Budget) -> Result<(), TaskError> {
        if self.rows.len() == ROWS {
            return Err(too_large("sqlite", &format!("more than {ROWS} rows")));
        }
        let (mut map, mut bytes) = (Map::new(), 0);
        for (index, name) in self.columns.iter().enumerate() {
            let value = value(row, index)?;
            bytes += name.len() + 8 + value.as_str().map_or(8, str::len);
            if let Some(text) = value.get("base64").and_then(Value::as_str) {
                bytes += text.len();
            }
            map.insert(name.clone(), value);
        }
        budget.take("sqlite", bytes)?;
        self.rows.push(Value::Object(map));
        Ok(())
    }

    pub(super) fn into_result(self, rows_affected: u64, last_insert_rowid: Option<i64>) -> Map<String, Value> {
        let Self { columns, rows } = self;
        let mut result = StatementResult { columns, rows, rows_affected }.into_map();
        result.insert("last_insert_rowid".to_owned(), json!(last_insert_rowid));
        result
    }
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
