//! Writing a copy, from one snapshot: commits go on meanwhile, and are not in it.

use super::{Backup, End, FORMAT, Head, hex, tables::TABLES};
use crate::{
    Store, StoreError,
    sql::{read::events, readers::Snapshot, statement::sql},
};
use futures::TryStreamExt;
use protocol::{Epoch, Timestamp};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// Bytes handed on at once.
const CHUNK: usize = 256 * 1024;

impl dyn Store {
    /// Writes a copy of all there is at this moment. Commits go on meanwhile (in memory they wait).
    ///
    /// # Errors
    /// When the store cannot be read, or `to` not be written.
    pub async fn backup(&self, to: &mut (dyn AsyncWrite + Unpin + Send), now: Timestamp) -> Result<Backup, StoreError> {
        let mut snapshot = self.database().snapshot().await?;
        let copied = dump(&mut snapshot, to, now).await;
        snapshot.end().await;
        copied
    }
}

pub(super) async fn dump(
    snapshot: &mut Snapshot,
    to: &mut (dyn AsyncWrite + Unpin + Send),
    now: Timestamp,
) -> Result<Backup, StoreError> {
    let mut connection = snapshot.on();
    let (epoch,): (String,) = sql("SELECT value FROM meta WHERE key = 'epoch'").one(&mut connection).await?;
    let head = events::head(&mut connection).await?;
    let mut lines = Lines { to, waiting: Vec::with_capacity(CHUNK * 2), hash: Sha256::new() };
    let first = Head { signalbox_backup: FORMAT, epoch: epoch.clone(), head: head.0, taken_at: now.0 };
    lines.put(&json(&first)).await?;
    let mut rows = 0;
    for table in TABLES {
        let mut select = sql("SELECT ");
        select.push(connection.row_text(&table.column_names())).push(" FROM ").push(table.name);
        select.push(" ORDER BY ").push(table.key);
        let mut read = select.stream::<(String,)>(&mut connection);
        while let Some((row,)) = read.try_next().await? {
            lines.put(&format!("{{\"t\":\"{}\",\"r\":{}}}", table.name, one_line(row))).await?;
            rows += 1;
        }
    }
    let sha256 = hex(&lines.hash.finalize_reset());
    lines.put(&json(&End { rows, sha256 })).await?;
    lines.flush().await?;
    Ok(Backup { epoch: Epoch(epoch), head, taken_at: now, rows })
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("strings and numbers are JSON")
}

/// PostgreSQL may write a list over several lines; within strings, line breaks are escaped.
fn one_line(row: String) -> String {
    if row.contains('\n') { row.replace('\n', " ") } else { row }
}

struct Lines<'w> {
    to: &'w mut (dyn AsyncWrite + Unpin + Send),
    waiting: Vec<u8>,
    hash: Sha256,
}

impl Lines<'_> {
    async fn put(&mut self, line: &str) -> Result<(), StoreError> {
        for part in [line.as_bytes(), b"\n"] {
            self.hash.update(part);
            self.waiting.extend_from_slice(part);
        }
        if self.waiting.len() >= CHUNK { self.hand_on().await } else { Ok(()) }
    }

    async fn hand_on(&mut self) -> Result<(), StoreError> {
        let written = self.to.write_all(&self.waiting).await;
        self.waiting.clear();
        written.map_err(unwritten)
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        self.hand_on().await?;
        self.to.flush().await.map_err(unwritten)
    }
}

fn unwritten(error: std::io::Error) -> StoreError {
    StoreError::Backend { message: format!("the copy cannot be written: {error}"), temporary: false }
}
