//! A save into a table: rows travel as one JSON value, and the server gives each column its type.

use super::{
    command::{Bound, Command, Given},
    split::split,
};
use crate::sql::{Mode, Save, quoted};
use protocol::TaskError;
use serde_json::{Map, Value};

/// The statements that save these rows; those with the same columns go together, in the order of the data.
///
/// # Errors
/// `bad_config` for a statement of the playbook's own.
pub(super) fn command(save: &Save) -> Result<Command, TaskError> {
    match save {
        Save::Statement { sql, rows } => Command::for_rows(sql, rows),
        Save::Table { table, mode, key, rows } => {
            let statements = alike(rows)
                .into_iter()
                .map(|(columns, rows)| {
                    let sql = statement(table, *mode, key, &columns);
                    let statement = split(&sql).swap_remove(0);
                    let values = vec![Given { name: "the rows".to_owned(), value: Value::Array(rows) }];
                    Bound { statement, values }
                })
                .collect();
            Ok(Command { statements })
        }
    }
}

/// Runs of rows that have the same columns.
fn alike(rows: &[&Map<String, Value>]) -> Vec<(Vec<String>, Vec<Value>)> {
    let mut runs: Vec<(Vec<String>, Vec<Value>)> = Vec::new();
    for row in rows {
        let mut columns: Vec<String> = row.keys().cloned().collect();
        columns.sort_unstable();
        let value = Value::Object((*row).clone());
        match runs.last_mut() {
            Some((last, run)) if *last == columns => run.push(value),
            _ => runs.push((columns, vec![value])),
        }
    }
    runs
}

/// `$1` is a JSON list of rows. Of rows with the same key the last one counts.
fn statement(table: &[String], mode: Mode, key: &[String], columns: &[String]) -> String {
    let table = table.iter().map(|part| quoted(part)).collect::<Vec<_>>().join(".");
    let list = |prefix: &str, names: &[String]| {
        names.iter().map(|name| format!("{prefix}{}", quoted(name))).collect::<Vec<_>>().join(", ")
    };
    let rows = "pg_catalog.jsonb_array_elements($1::jsonb) WITH ORDINALITY AS _e(_v, _n)";
    let typed = format!("{rows}, LATERAL pg_catalog.jsonb_populate_record(NULL::{table}, _e._v) AS _r");
    let all = list("_r.", columns);
    if mode == Mode::Insert {
        return format!("INSERT INTO {table} ({}) SELECT {all} FROM {typed} ORDER BY _e._n", list("", columns));
    }
    let keys = list("_r.", key);
    let newest = format!("SELECT DISTINCT ON ({keys}) {all} FROM {typed} ORDER BY {keys}, _e._n DESC");
    let others: Vec<&String> = columns.iter().filter(|column| !key.contains(column)).collect();
    let set =
        |from: &str| others.iter().map(|name| format!("{0} = {from}.{0}", quoted(name))).collect::<Vec<_>>().join(", ");
    match mode {
        Mode::Upsert if others.is_empty() => {
            format!("INSERT INTO {table} ({}) {newest} ON CONFLICT ({}) DO NOTHING", list("", columns), list("", key))
        }
        Mode::Upsert => format!(
            "INSERT INTO {table} ({}) {newest} ON CONFLICT ({}) DO UPDATE SET {}",
            list("", columns),
            list("", key),
            set("EXCLUDED")
        ),
        _ => {
            let same =
                key.iter().map(|name| format!("_t.{0} = _s.{0}", quoted(name))).collect::<Vec<_>>().join(" AND ");
            // With nothing but the key to set, the rows that are there are counted.
            let set = if others.is_empty() {
                key.iter().map(|name| format!("{0} = _s.{0}", quoted(name))).collect::<Vec<_>>().join(", ")
            } else {
                set("_s")
            };
            format!("UPDATE {table} AS _t SET {set} FROM ({newest}) AS _s WHERE {same}")
        }
    }
}
