//! A copy of a store that somebody else may be serving: read beside them.

use super::{Backup, dump::dump};
use crate::{StoreError, postgres, sql::readers::Readers, sqlite};
use protocol::Timestamp;
use tokio::io::AsyncWrite;

/// Writes a copy of the store a URL names, see [`crate::open`], as it is at this moment. Its server, if there is one,
/// goes on; nothing is changed, and a store of another version is not brought up to date.
///
/// # Errors
/// When the store is not there, is of another version, or cannot be read; when `to` cannot be written.
pub async fn back_up(
    url: &str,
    to: &mut (dyn AsyncWrite + Unpin + Send),
    now: Timestamp,
) -> Result<Backup, StoreError> {
    let readers = match url.split_once(':') {
        Some(("sqlite", path)) => sqlite::readers(path.strip_prefix("//").unwrap_or(path))?,
        Some(("postgres" | "postgresql", _)) => postgres::readers(url)?,
        _ => {
            let message = "not the URL of a store: expected sqlite:PATH or postgres://…".to_owned();
            return Err(StoreError::Backend { message, temporary: false });
        }
    };
    let copied = copy(&readers, to, now).await;
    readers.close().await;
    copied
}

async fn copy(
    readers: &Readers,
    to: &mut (dyn AsyncWrite + Unpin + Send),
    now: Timestamp,
) -> Result<Backup, StoreError> {
    let mut snapshot = readers.snapshot().await?;
    crate::sql::migrations::check(&mut snapshot.on()).await?;
    let copied = dump(&mut snapshot, to, now).await;
    snapshot.end().await;
    copied
}
