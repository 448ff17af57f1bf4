//! The catalog.

use super::number;
use crate::{
    NewPlaybook, PlaybookRow, StoreError,
    sql::{connection::Connection, statement::sql},
};
use protocol::{Timestamp, api::PlaybookVersion};

#[derive(sqlx::FromRow)]
pub(crate) struct Row {
    path: String,
    version: i64,
    name: String,
    description: Option<String>,
    source: String,
    content_hash: String,
    registered_at: i64,
}

impl Row {
    pub(crate) fn playbook(self) -> Result<PlaybookRow, StoreError> {
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

pub(crate) async fn register(
    connection: &mut Connection<'_>,
    playbook: &NewPlaybook,
) -> Result<(PlaybookRow, bool), StoreError> {
    connection.alone("playbooks").await?;
    let inserted: Vec<(i64,)> =
        sql("INSERT INTO playbooks (path, version, name, description, source, content_hash, registered_at, definition)
        SELECT $1, coalesce((SELECT max(version) FROM playbooks WHERE path = $1), 0) + 1, $2, $3, $4, $5, $6, $7
        WHERE $5 IS DISTINCT FROM (SELECT content_hash FROM playbooks WHERE path = $1 ORDER BY version DESC LIMIT 1)
        RETURNING version")
        .bind(&playbook.path)
        .bind(&playbook.name)
        .bind(&playbook.description)
        .bind(&playbook.source)
        .bind(&playbook.content_hash)
        .bind(playbook.registered_at.0)
        .bind(&playbook.definition)
        .all(connection)
        .await?;
    let newest = find(connection, &playbook.path, None).await?;
    let row = newest.ok_or_else(|| StoreError::Corrupt(format!("playbook {} has gone", playbook.path)))?;
    Ok((row, !inserted.is_empty()))
}

pub(crate) async fn find(
    connection: &mut Connection<'_>,
    path: &str,
    version: Option<u32>,
) -> Result<Option<PlaybookRow>, StoreError> {
    let row: Option<Row> =
        sql("SELECT path, version, name, description, source, content_hash, registered_at FROM playbooks
        WHERE path = $1 AND version = coalesce($2, (SELECT max(version) FROM playbooks WHERE path = $1))")
        .bind(path)
        .bind(version.map(i64::from))
        .optional(connection)
        .await?;
    row.map(Row::playbook).transpose()
}

pub(crate) async fn newest_version(connection: &mut Connection<'_>, path: &str) -> Result<Option<u32>, StoreError> {
    let newest: Option<(Option<i64>,)> =
        sql("SELECT max(version) FROM playbooks WHERE path = $1").bind(path).optional(connection).await?;
    let version = newest.and_then(|(version,)| version);
    version.map(|version| number(version, || format!("playbook {path}"))).transpose()
}

/// The newest version of each, by path, with the count of executions of all versions.
pub(crate) async fn newest(connection: &mut Connection<'_>) -> Result<Vec<(PlaybookRow, u64)>, StoreError> {
    #[derive(sqlx::FromRow)]
    struct Counted {
        #[sqlx(flatten)]
        row: Row,
        executions: i64,
    }
    let rows: Vec<Counted> = sql(
        "SELECT p.path, p.version, p.name, p.description, p.source, p.content_hash, p.registered_at,
            (SELECT CAST(coalesce(sum(c.executions), 0) AS BIGINT) FROM execution_counts c WHERE c.path = p.path) AS executions
        FROM playbooks p
        WHERE p.version = (SELECT max(v.version) FROM playbooks v WHERE v.path = p.path)
        ORDER BY p.path",
    )
    .all(connection)
    .await?;
    rows.into_iter()
        .map(|counted| {
            let executions = number(counted.executions, || "the count of executions".to_owned())?;
            Ok((counted.row.playbook()?, executions))
        })
        .collect()
}

/// Newest first.
pub(crate) async fn versions(connection: &mut Connection<'_>, path: &str) -> Result<Vec<PlaybookVersion>, StoreError> {
    let rows: Vec<(i64, i64, String)> =
        sql("SELECT version, registered_at, content_hash FROM playbooks WHERE path = $1 ORDER BY version DESC")
            .bind(path)
            .all(connection)
            .await?;
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
