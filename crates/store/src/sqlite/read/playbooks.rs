//! The catalog.

use super::{super::failure::store_error, number};
use crate::{NewPlaybook, PlaybookRow, StoreError};
use protocol::{Timestamp, api::PlaybookVersion};
use sqlx::SqliteConnection;

#[derive(sqlx::FromRow)]
struct Row {
    path: String,
    version: i64,
    name: String,
    description: Option<String>,
    source: String,
    content_hash: String,
    registered_at: i64,
}

impl Row {
    fn playbook(self) -> Result<PlaybookRow, StoreError> {
        Ok(PlaybookRow {
            version: number(self.version, || format!("playbook {}", self.path))?,
            path: self.path,
            name: self.name,
            description: self.description,
            source: self.source,
            content_hash: self.content_hash,
            registered_at: Timestamp(self.registered_at),
        })
    }
}

/// Registers on the writer's connection. One statement decides and inserts; the primary key decides between
/// processes.
pub(in super::super) async fn register(
    connection: &mut SqliteConnection,
    playbook: &NewPlaybook,
) -> Result<(PlaybookRow, bool), StoreError> {
    // All rows are fetched: a statement that is not run to its end does not commit.
    let inserted: Vec<(i64,)> = sqlx::query_as(
        "INSERT INTO playbooks (path, version, name, description, source, content_hash, registered_at)
        SELECT $1, coalesce((SELECT max(version) FROM playbooks WHERE path = $1), 0) + 1, $2, $3, $4, $5, $6
        WHERE $5 IS NOT (SELECT content_hash FROM playbooks WHERE path = $1 ORDER BY version DESC LIMIT 1)
        RETURNING version",
    )
    .bind(&playbook.path)
    .bind(&playbook.name)
    .bind(&playbook.description)
    .bind(&playbook.source)
    .bind(&playbook.content_hash)
    .bind(playbook.registered_at.0)
    .fetch_all(&mut *connection)
    .await
    .map_err(store_error)?;
    let newest = find(connection, &playbook.path, None).await?;
    let row = newest.ok_or_else(|| StoreError::Corrupt(format!("playbook {} has gone", playbook.path)))?;
    Ok((row, !inserted.is_empty()))
}

pub(in super::super) async fn find(
    connection: &mut SqliteConnection,
    path: &str,
    version: Option<u32>,
) -> Result<Option<PlaybookRow>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT path, version, name, description, source, content_hash, registered_at FROM playbooks
        WHERE path = $1 AND version = coalesce($2, (SELECT max(version) FROM playbooks WHERE path = $1))",
    )
    .bind(path)
    .bind(version.map(i64::from))
    .fetch_optional(connection)
    .await
    .map_err(store_error)?;
    row.map(Row::playbook).transpose()
}

/// The newest version of each, by path, with the count of executions of all versions.
pub(in super::super) async fn newest(connection: &mut SqliteConnection) -> Result<Vec<(PlaybookRow, u64)>, StoreError> {
    #[derive(sqlx::FromRow)]
    struct Counted {
        #[sqlx(flatten)]
        row: Row,
        executions: i64,
    }
    let rows: Vec<Counted> = sqlx::query_as(
        "SELECT p.path, p.version, p.name, p.description, p.source, p.content_hash, p.registered_at,
            (SELECT coalesce(sum(c.executions), 0) FROM execution_counts c WHERE c.path = p.path) AS executions
        FROM playbooks p
        WHERE p.version = (SELECT max(v.version) FROM playbooks v WHERE v.path = p.path)
        ORDER BY p.path",
    )
    .fetch_all(connection)
    .await
    .map_err(store_error)?;
    rows.into_iter()
        .map(|counted| {
            let executions = number(counted.executions, || "the count of executions".to_owned())?;
            Ok((counted.row.playbook()?, executions))
        })
        .collect()
}

/// Newest first.
pub(in super::super) async fn versions(
    connection: &mut SqliteConnection,
    path: &str,
) -> Result<Vec<PlaybookVersion>, StoreError> {
    let rows: Vec<(i64, i64, String)> = sqlx::query_as(
        "SELECT version, registered_at, content_hash FROM playbooks WHERE path = $1 ORDER BY version DESC",
    )
    .bind(path)
    .fetch_all(connection)
    .await
    .map_err(store_error)?;
    rows.into_iter()
        .map(|(version, registered_at, content_hash)| {
            Ok(PlaybookVersion {
                version: number(version, || format!("playbook {path}"))?,
                registered_at: Timestamp(registered_at),
                content_hash,
            })
        })
        .collect()
}
