//! Making a store from a copy. Rows go in a chunk at a time, each chunk a transaction; until the last line has proved
//! the copy whole, the store says of itself that it is not, and nobody opens it.

use super::{
    Backup, End, FORMAT, Head, RESTORING, hex,
    tables::{Kind, TABLES, Table},
};
use crate::{
    Store, StoreError,
    limits::MAX_BLOB_BYTES,
    sql::{
        beside::Insert,
        connection::Connection,
        database::repeatedly,
        statement::{Argument, sql},
    },
};
use protocol::{Epoch, Position, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// Rows and bytes of one transaction.
const ROWS: usize = 1_000;
const BYTES: usize = 4 * 1024 * 1024;
/// Of one line: a value, with every character of it escaped twice.
const LINE: u64 = 8 * MAX_BLOB_BYTES as u64;

#[derive(Deserialize)]
struct Line {
    t: String,
    r: Vec<Value>,
}

struct Row {
    table: usize,
    values: Vec<Value>,
}

impl dyn Store {
    /// Fills this store, which must be empty, from a copy, and computes what is computed. It keeps its own epoch:
    /// whoever knows positions of the store that was copied is told that this is another.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the store is not empty, or the text no whole copy; in the latter case the store
    /// is of no use any more and is not opened again.
    pub async fn restore(&self, from: &mut (dyn AsyncBufRead + Unpin + Send)) -> Result<Backup, StoreError> {
        let mut lines = Lines { from, hash: Sha256::new(), number: 0 };
        let head = lines.next().await?.ok_or_else(|| refused(1, "nothing is there"))?;
        let head: Head = serde_json::from_str(&head).map_err(|_| refused(1, "this is no copy of a store"))?;
        if head.signalbox_backup != FORMAT {
            return Err(refused(1, "a newer signalbox wrote this copy: use that one"));
        }
        self.database().write(repeatedly(|connection| Box::pin(begin(connection)))).await?;
        let (mut chunk, mut bytes, mut rows) = (Vec::new(), 0, 0);
        let end = loop {
            let before = lines.hash.clone();
            let number = lines.number + 1;
            let line = lines.next().await?.ok_or_else(|| refused(number, "the copy ends too soon"))?;
            if line.starts_with("{\"rows\":") {
                let end: End = serde_json::from_str(&line).map_err(|error| refused(number, &error.to_string()))?;
                break (end, hex(&before.finalize()));
            }
            let row = row(&line).map_err(|why| refused(number, &why))?;
            chunk.push(row);
            bytes += line.len();
            rows += 1;
            if chunk.len() >= ROWS || bytes >= BYTES {
                self.put(std::mem::take(&mut chunk)).await?;
                bytes = 0;
            }
        };
        self.put(chunk).await?;
        let (End { rows: told, sha256 }, hash) = end;
        if told != rows || sha256 != hash {
            return Err(refused(lines.number, "the copy is damaged: its lines are not those that were written"));
        }
        self.rebuild().await?;
        let whole = sql("DELETE FROM meta WHERE key = $1").bind(RESTORING);
        self.database().change(whole).await?;
        let (epoch, position) = (Epoch(head.epoch), Position(head.head));
        Ok(Backup { epoch, head: position, taken_at: Timestamp(head.taken_at), rows })
    }

    async fn put(&self, rows: Vec<Row>) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let rows = Arc::new(rows);
        let put = repeatedly(move |connection| {
            let rows = rows.clone();
            Box::pin(async move { insert(connection, &rows).await })
        });
        self.database().write(put).await
    }
}

/// Whether no restore of the store was left half done.
///
/// # Errors
/// Says what to do when one was.
pub(crate) async fn is_whole(connection: &mut Connection<'_>) -> Result<(), StoreError> {
    let half: Option<(String,)> =
        sql("SELECT value FROM meta WHERE key = $1").bind(RESTORING).optional(connection).await?;
    match half {
        None => Ok(()),
        Some(_) => Err(StoreError::Backend {
            message: "a restore of this store did not come to its end: remove it, and restore into a new one".into(),
            temporary: false,
        }),
    }
}

async fn begin(connection: &mut Connection<'_>) -> Result<(), StoreError> {
    for table in TABLES {
        let mut any = sql("SELECT count(*) FROM (SELECT 1 FROM ");
        any.push(table.name).push(" LIMIT 1) AS any_row");
        let (rows,): (i64,) = any.one(connection).await?;
        if rows > 0 {
            return Err(StoreError::Refused(format!(
                "the store is not empty (there are {}): restore into a new one",
                table.name
            )));
        }
    }
    let mark = sql("INSERT INTO meta (key, value) VALUES ($1, '1')").bind(RESTORING);
    mark.execute(connection).await.map(drop)
}

async fn insert(connection: &mut Connection<'_>, rows: &[Row]) -> Result<(), StoreError> {
    // Rows of a table follow each other.
    for rows in rows.chunk_by(|a, b| a.table == b.table) {
        let table = &TABLES[rows[0].table];
        let mut insert = Insert::into(format!("{} ({})", table.name, table.column_names()));
        for row in rows {
            insert.row(|mut values| {
                for ((_, kind), value) in table.columns.iter().zip(&row.values) {
                    values = values.bind(argument(*kind, value));
                }
                values
            });
        }
        insert.execute(connection).await?;
    }
    Ok(())
}

fn row(line: &str) -> Result<Row, String> {
    let Line { t, r } = serde_json::from_str(line).map_err(|error| format!("this is no row: {error}"))?;
    let table = Table::of(&t).ok_or_else(|| format!("no table is called `{t}`"))?;
    let columns = TABLES[table].columns;
    if columns.len() != r.len() {
        return Err(format!("`{t}` has {} columns, here are {}", columns.len(), r.len()));
    }
    for ((name, kind), value) in columns.iter().zip(&r) {
        let fits = match (kind, value) {
            (_, Value::Null) => true,
            (Kind::Text, value) => value.is_string(),
            (Kind::Integer, value) => value.is_i64(),
            (Kind::Truth, value) => value.is_boolean() || value.is_i64(),
        };
        if !fits {
            return Err(format!("`{t}.{name}` is of another kind"));
        }
    }
    Ok(Row { table, values: r })
}

/// Of a value that fits.
fn argument(kind: Kind, value: &Value) -> Argument {
    match kind {
        Kind::Text => value.as_str().map(str::to_owned).into(),
        Kind::Integer => value.as_i64().into(),
        Kind::Truth => (value.as_bool() == Some(true) || value.as_i64() == Some(1)).into(),
    }
}

fn refused(line: u64, why: &str) -> StoreError {
    StoreError::Refused(format!("line {line} of the copy: {why}"))
}

struct Lines<'r> {
    from: &'r mut (dyn AsyncBufRead + Unpin + Send),
    hash: Sha256,
    number: u64,
}

impl Lines<'_> {
    /// Without its end.
    async fn next(&mut self) -> Result<Option<String>, StoreError> {
        self.number += 1;
        let mut line = Vec::new();
        let read = (&mut *self.from).take(LINE).read_until(b'\n', &mut line).await;
        read.map_err(|error| StoreError::Backend {
            message: format!("the copy cannot be read: {error}"),
            temporary: false,
        })?;
        if line.is_empty() {
            return Ok(None);
        }
        self.hash.update(&line);
        if line.pop() != Some(b'\n') {
            return Err(refused(self.number, "the line has no end"));
        }
        String::from_utf8(line).map(Some).map_err(|_| refused(self.number, "this is no text"))
    }
}
