//! A `save` into a table: which one, how, and the rows.

use crate::fields::{Fields, bad_config, kind};
use protocol::{Task, TaskError, TaskPart};
use serde_json::{Map, Value};

/// What happens to a row that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It is an error. `append` is the same.
    Insert,
    /// The new row's values replace the old one's.
    Upsert,
    /// Only rows that are there are changed.
    Update,
}

impl Mode {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Mode::Insert => "insert",
            Mode::Upsert => "upsert",
            Mode::Update => "update",
        }
    }
}

/// What a save task asks for.
#[derive(Debug)]
pub(crate) enum Save<'a> {
    /// Rows for a table.
    Table {
        /// The parts of its name: `schema`, `table`.
        table: Vec<String>,
        mode: Mode,
        /// The columns by which rows are told apart.
        key: Vec<String>,
        rows: Vec<&'a Map<String, Value>>,
    },
    /// A statement of the playbook's own, run for each row with its values as `:name`.
    Statement { sql: &'a str, rows: Vec<&'a Map<String, Value>> },
}

impl<'a> Save<'a> {
    /// `None` when the task is no save.
    ///
    /// # Errors
    /// `bad_config`, naming the field or the row.
    pub(crate) fn of(protocol: &'static str, task: &'a Task) -> Result<Option<Self>, TaskError> {
        let spec = match task.config.get("save") {
            Some(spec @ Value::Object(_)) => spec,
            None | Some(Value::Null) if task.key.part != TaskPart::Save => return Ok(None),
            None | Some(Value::Null) => &*task.config,
            Some(other) => return Err(bad_config(format!("{protocol}: `save` must be a map, not {}", kind(other)))),
        };
        let fields = Fields::of(protocol, spec)?;
        let outer = Fields::of(protocol, &task.config)?;
        let rows = rows(protocol, &task.input)?;
        if let Some(table) = fields.text(&["table"])? {
            let mode = mode(&fields)?;
            let key = key(&fields)?;
            let table = table_name(protocol, table)?;
            if mode != Mode::Insert && key.is_empty() {
                return Err(
                    fields.missing("save.key", &format!("the column (or list of columns) to {} by", mode.word()))
                );
            }
            for (index, row) in rows.iter().enumerate() {
                if row.is_empty() {
                    return Err(bad_config(format!("{protocol}: row {} of the data is empty", index + 1)));
                }
                if let Some(column) = key.iter().find(|column| mode != Mode::Insert && !row.contains_key(*column)) {
                    return Err(bad_config(format!(
                        "{protocol}: row {} of the data has no `{column}`, which is the key",
                        index + 1
                    )));
                }
            }
            return Ok(Some(Self::Table { table, mode, key, rows }));
        }
        let names = ["statement", "command", "sql"];
        match fields.text(&names)?.or(outer.text(&names)?) {
            Some(sql) => Ok(Some(Self::Statement { sql, rows })),
            None => Err(fields.missing("save.table", "the table to save to (or a `statement`)")),
        }
    }
}

fn mode(fields: &Fields) -> Result<Mode, TaskError> {
    let Some(text) = fields.text(&["mode"])? else { return Ok(Mode::Insert) };
    match text.trim().to_ascii_lowercase().as_str() {
        "insert" | "append" => Ok(Mode::Insert),
        "upsert" => Ok(Mode::Upsert),
        "update" => Ok(Mode::Update),
        _ => Err(fields.wrong("save.mode", "insert, upsert, update or append", &Value::String(text.to_owned()))),
    }
}

/// One column, a list of them, or several by comma.
fn key(fields: &Fields) -> Result<Vec<String>, TaskError> {
    let wrong = |found: &Value| fields.wrong("save.key", "a column or a list of columns", found);
    let columns = match fields.any(&["key", "keys", "key_cols"]) {
        None => return Ok(Vec::new()),
        Some((_, Value::String(text))) => text.split(',').map(|column| column.trim().to_owned()).collect(),
        Some((_, found @ Value::Array(items))) => items
            .iter()
            .map(|item| item.as_str().map(|text| text.trim().to_owned()).ok_or_else(|| wrong(found)))
            .collect::<Result<Vec<_>, _>>()?,
        Some((_, other)) => return Err(wrong(other)),
    };
    if columns.iter().any(String::is_empty) { Err(wrong(&Value::String(String::new()))) } else { Ok(columns) }
}

/// `table`, `schema.table`, each part possibly in double quotes.
fn table_name(protocol: &str, text: &str) -> Result<Vec<String>, TaskError> {
    let wrong = || {
        bad_config(format!(
            "{protocol}: `save.table` must be a name such as `results` or `schema.results`, not `{text}`"
        ))
    };
    let mut parts = Vec::new();
    let mut rest = text.trim();
    loop {
        let (part, after) = if let Some(quoted) = rest.strip_prefix('"') {
            let (part, after) = quoted.split_once('"').ok_or_else(wrong)?;
            (part, after)
        } else {
            rest.split_at(rest.find('.').unwrap_or(rest.len()))
        };
        if part.is_empty() || part.contains(['"', '\0']) || part.trim() != part {
            return Err(wrong());
        }
        parts.push(part.to_owned());
        match after.strip_prefix('.') {
            Some(after) => rest = after,
            None if after.is_empty() => return Ok(parts),
            None => return Err(wrong()),
        }
    }
}

fn rows<'a>(protocol: &str, input: &'a Value) -> Result<Vec<&'a Map<String, Value>>, TaskError> {
    match input {
        Value::Object(row) => Ok(vec![row]),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                item.as_object().ok_or_else(|| {
                    bad_config(format!(
                        "{protocol}: row {} of the data must be a map of columns, not {}",
                        index + 1,
                        kind(item)
                    ))
                })
            })
            .collect(),
        other => Err(bad_config(format!(
            "{protocol}: the data to save must be a map or a list of maps, not {}",
            kind(other)
        ))),
    }
}

/// A name in double quotes, as both dialects write it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
