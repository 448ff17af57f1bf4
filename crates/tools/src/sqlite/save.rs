//! A save into a table: a statement for each row, its values bound.

use super::{
    bind::{Bound, Parameters, bind},
    command::{Command, database},
    split::split,
};
use crate::{
    fields::{Fields, bad_config},
    sql::{Mode, Save, quoted},
};
use protocol::TaskError;
use serde_json::{Map, Value};

/// The statements that save these rows, in the order of the data.
///
/// # Errors
/// `bad_config`, naming the row or the parameter; `sqlite_refused` for a statement of the playbook's own.
pub(super) fn command(save: &Save, config: &Value) -> Result<Command, TaskError> {
    let outer = Fields::of("sqlite", config)?;
    let inner = config.get("save").map(|save| Fields::of("sqlite", save)).transpose()?;
    let named = |fields: &Fields| fields.any(&["database", "file"]).is_some();
    let database = database(inner.as_ref().filter(|fields| named(fields)).unwrap_or(&outer))?;
    let mut statements = Vec::new();
    match save {
        Save::Statement { sql, rows } => {
            for row in rows {
                Parameters::Map(row).bind_all(split(sql), &mut statements)?;
            }
            if statements.is_empty() && !rows.is_empty() {
                return Err(bad_config("sqlite: the save's `statement` has no statement in it"));
            }
        }
        Save::Table { table, mode, key, rows } => {
            let table = table.iter().map(|part| quoted(part)).collect::<Vec<_>>().join(".");
            for (index, row) in rows.iter().enumerate() {
                let (sql, columns) = statement(&table, *mode, key, row);
                let value = |column: &&String| bind(&row[column.as_str()], &format!("row {}: {column}", index + 1));
                let values = columns.iter().map(value).collect::<Result<_, _>>()?;
                statements.push(Bound { statement: split(&sql).swap_remove(0), values });
            }
        }
    }
    Command { database, statements }.checked()
}

/// The SQL, and the columns whose values are its parameters.
fn statement<'a>(table: &str, mode: Mode, key: &'a [String], row: &'a Map<String, Value>) -> (String, Vec<&'a String>) {
    let columns: Vec<&String> = row.keys().collect();
    let others: Vec<&String> = columns.iter().copied().filter(|column| !key.contains(column)).collect();
    let list = |names: &[&String]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    let marks = vec!["?"; columns.len()].join(", ");
    let insert = format!("INSERT INTO {table} ({}) VALUES ({marks})", list(&columns));
    let each = |names: &[&String], to: &dyn Fn(&str) -> String, by: &str| {
        names.iter().map(|name| to(&quoted(name))).collect::<Vec<_>>().join(by)
    };
    let keys: Vec<&String> = key.iter().collect();
    match mode {
        Mode::Insert => (insert, columns),
        Mode::Upsert => {
            let what = if others.is_empty() {
                "NOTHING".to_owned()
            } else {
                format!("UPDATE SET {}", each(&others, &|name| format!("{name} = excluded.{name}"), ", "))
            };
            (format!("{insert} ON CONFLICT ({}) DO {what}", list(&keys)), columns)
        }
        Mode::Update => {
            // With nothing but the key to set, the rows that are there are counted.
            let set = if others.is_empty() {
                each(&keys, &|name| format!("{name} = {name}"), ", ")
            } else {
                each(&others, &|name| format!("{name} = ?"), ", ")
            };
            let same = each(&keys, &|name| format!("{name} = ?"), " AND ");
            (format!("UPDATE {table} SET {set} WHERE {same}"), others.into_iter().chain(keys).collect())
        }
    }
}
