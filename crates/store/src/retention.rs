//! Keeping the log from growing for ever: executions that ended long ago go whole, and so do old alerts. Never an
//! execution under way, and never the newest event: positions go on from there.

use crate::{
    Store, StoreError,
    history::{OF_AGENTS, Source},
    sql::{
        connection::Connection,
        database::repeatedly,
        read::{number, position},
        statement::sql,
    },
};
use protocol::{Position, Timestamp};
use std::collections::BTreeMap;

/// Events removed in one transaction, unless one execution has more: others wait for it, about a tenth of a second.
const EVENTS: u64 = 20_000;
/// Ids are drawn when an execution is submitted, by clocks that may differ a little from those that end it.
const CLOCKS_MS: i64 = 3_600_000;

/// No rerun of it waits to be let in: that takes over results when it is.
const NOT_WAITED_FOR: &str = "NOT EXISTS (SELECT 1 FROM lineage l JOIN executions w ON w.execution_id = l.execution_id
    WHERE l.rerun_of = executions.execution_id AND w.state = 'initial')";

/// What went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pruned {
    pub executions: u64,
    pub events: u64,
}

impl dyn Store {
    /// Removes executions that ended before the time given, oldest first, at most `limit` and so many that it takes
    /// a moment only: call it again until nothing goes. With them go their events, values, keys and places. One that is
    /// run again by an execution that still waits to be let in stays until it is.
    pub async fn prune(&self, ended_before: Timestamp, limit: u32) -> Result<Pruned, StoreError> {
        let prune = repeatedly(move |connection| Box::pin(prune(connection, ended_before, limit)));
        self.database().write(prune).await
    }

    /// Removes events of a type that are not of an execution and happened before the time given, oldest first, at
    /// most `limit`; how many.
    pub async fn prune_events(&self, kind: &str, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let kind = kind.to_owned();
        let prune = repeatedly(move |connection| Box::pin(prune_events(connection, kind.clone(), before, limit)));
        self.database().write(prune).await
    }
}

async fn prune(connection: &mut Connection<'_>, before: Timestamp, limit: u32) -> Result<Pruned, StoreError> {
    let ids = candidates(connection, before, limit).await?;
    if ids.is_empty() {
        return Ok(Pruned::default());
    }
    let ended = locked(connection, &ids, before).await?;
    let ids: Vec<String> = ended.iter().map(|row| row.execution_id.clone()).collect();
    let pruned = Pruned {
        executions: ids.len() as u64,
        events: remove(connection, "DELETE FROM events WHERE execution_id IN", &ids).await?,
    };
    let blobs: Vec<(String,)> = sql("DELETE FROM blob_refs WHERE execution_id IN (SELECT value FROM json_each($1))
        RETURNING blob_id")
    .bind(&ids[..])
    .all(connection)
    .await?;
    let blobs: Vec<String> = blobs.into_iter().map(|(id,)| id).collect();
    // One that is written again just now has a newer time by the time this sees it.
    sql("DELETE FROM blobs WHERE id IN (SELECT value FROM json_each($1)) AND written_at < $2
        AND NOT EXISTS (SELECT 1 FROM blob_refs r WHERE r.blob_id = blobs.id)")
    .bind(&blobs[..])
    .bind(before)
    .execute(connection)
    .await?;
    for delete in [
        "DELETE FROM executions WHERE execution_id IN",
        "DELETE FROM execution_data WHERE execution_id IN",
        "DELETE FROM submissions WHERE execution_id IN",
        "DELETE FROM lineage WHERE execution_id IN",
        "DELETE FROM queue WHERE execution_id IN",
        "DELETE FROM waiting_approvals WHERE execution_id IN",
        "DELETE FROM permits WHERE execution_id IN",
    ] {
        remove(connection, delete, &ids).await?;
    }
    account(connection, &ended).await?;
    Ok(pruned)
}

#[derive(sqlx::FromRow)]
struct Ended {
    execution_id: String,
    path: String,
    state: String,
    position: i64,
}

/// The oldest that may go, by id, as far as can be seen without holding them.
async fn candidates(connection: &mut Connection<'_>, before: Timestamp, limit: u32) -> Result<Vec<String>, StoreError> {
    let mut select = sql("SELECT execution_id, version FROM (");
    let latest = latest_id(before);
    for (n, state) in ["completed", "failed", "cancelled"].into_iter().enumerate() {
        if n > 0 {
            select.push(" UNION ALL ");
        }
        select.push("SELECT * FROM (SELECT execution_id, version FROM executions WHERE state = ").push_bind(state);
        select.push(" AND execution_id < ").push_bind(&latest).push(" AND ended_at < ").push_bind(before);
        select.push(" AND ").push(NOT_WAITED_FOR);
        select.push(" ORDER BY execution_id LIMIT ").push_bind(limit).push(") AS ended");
    }
    select.push(") AS candidates ORDER BY execution_id LIMIT ").push_bind(limit);
    let rows: Vec<(String, i64)> = select.all(connection).await?;
    let (mut ids, mut events) = (Vec::new(), 0);
    for (id, version) in rows {
        events += number::<u64>(version, || format!("execution {id}"))?;
        if events > EVENTS && !ids.is_empty() {
            break;
        }
        ids.push(id);
    }
    Ok(ids)
}

/// Those of them that still may go, held: from here on nobody adds an event to them.
async fn locked(connection: &mut Connection<'_>, ids: &[String], before: Timestamp) -> Result<Vec<Ended>, StoreError> {
    let mut hold = sql("SELECT execution_id, path, state, position FROM executions
        WHERE execution_id IN (SELECT value FROM json_each($1)) AND state IN ('completed', 'failed', 'cancelled')
            AND ended_at < $2 AND ")
    .bind(ids)
    .bind(before);
    hold.push(NOT_WAITED_FOR).push(" ORDER BY execution_id");
    hold.push(connection.skip_locked());
    let mut rows: Vec<Ended> = hold.all(connection).await?;
    let (head,): (i64,) = sql("SELECT coalesce(max(position), 0) FROM events").one(connection).await?;
    rows.retain(|row| row.position < head);
    Ok(rows)
}

async fn remove(connection: &mut Connection<'_>, delete: &'static str, ids: &[String]) -> Result<u64, StoreError> {
    let mut delete = sql(delete);
    delete.push(" (SELECT value FROM json_each(").push_bind(ids).push("))");
    delete.execute(connection).await
}

/// The counts without them, and what is gone.
async fn account(connection: &mut Connection<'_>, ended: &[Ended]) -> Result<(), StoreError> {
    let mut counts: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let mut through: BTreeMap<&str, i64> = BTreeMap::new();
    for row in ended {
        *counts.entry((&row.path, &row.state)).or_default() += 1;
        let newest = through.entry(&row.path).or_default();
        *newest = row.position.max(*newest);
    }
    for ((path, state), count) in counts {
        sql("UPDATE execution_counts SET executions = executions - $3 WHERE path = $1 AND state = $2")
            .bind(path)
            .bind(state)
            .bind(count)
            .execute(connection)
            .await?;
    }
    for (path, position) in through {
        note(connection, "path", path, position).await?;
    }
    Ok(())
}

async fn note(connection: &mut Connection<'_>, kind: &str, name: &str, through: i64) -> Result<(), StoreError> {
    sql("INSERT INTO pruned (kind, name, through) VALUES ($1, $2, $3)
        ON CONFLICT (kind, name) DO UPDATE SET through = excluded.through WHERE pruned.through < excluded.through")
    .bind(kind)
    .bind(name)
    .bind(through)
    .execute(connection)
    .await
    .map(drop)
}

async fn prune_events(
    connection: &mut Connection<'_>,
    kind: String,
    before: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    // By position, and only from the oldest on: a clock that went back keeps some for longer.
    let (through, head): (i64, i64) = sql("SELECT
            coalesce((SELECT max(position) FROM (SELECT position, time FROM events
                WHERE execution_id IS NULL AND type = $1 ORDER BY position LIMIT $3) AS oldest WHERE time < $2), 0),
            coalesce((SELECT max(position) FROM events), 0)")
    .bind(&kind)
    .bind(before)
    .bind(limit)
    .one(connection)
    .await?;
    if through == 0 {
        return Ok(0);
    }
    let gone = sql("DELETE FROM events WHERE execution_id IS NULL AND type = $1 AND position <= $2 AND position < $3
        AND time < $4")
    .bind(&kind)
    .bind(through)
    .bind(head)
    .bind(before)
    .execute(connection)
    .await?;
    note(connection, "type", &kind, through.min(head - 1)).await?;
    Ok(gone)
}

/// Up to where events that a topic would show may be gone.
pub(crate) async fn complete_after(connection: &mut Connection<'_>, source: &Source) -> Result<Position, StoreError> {
    let gone = match source {
        Source::Nothing => return Ok(Position(0)),
        Source::Execution(id) => sql("SELECT coalesce(max(through), 0) FROM pruned WHERE kind = 'path'
            AND NOT EXISTS (SELECT 1 FROM executions WHERE execution_id = $1)")
        .bind(*id),
        Source::Executions => sql("SELECT coalesce(max(through), 0) FROM pruned WHERE kind = 'path'"),
        // Of another program's workflows it is not noted which went.
        Source::Projected { path: Some(path) } => sql("SELECT coalesce(max(through), 0) FROM pruned
            WHERE (kind = 'path' AND name = $1) OR (kind = 'type' AND name = 'workflow_execution')")
        .bind(path),
        Source::Projected { path: None } => sql("SELECT coalesce(max(through), 0) FROM pruned
            WHERE kind = 'path' OR (kind = 'type' AND name = 'workflow_execution')"),
        Source::OfType(kind) => {
            sql("SELECT coalesce(max(through), 0) FROM pruned WHERE kind = 'type' AND name = $1").bind(*kind)
        }
        Source::Agent(_) | Source::Agents => sql("SELECT coalesce(max(through), 0) FROM pruned WHERE kind = 'type'
            AND (name = 'workflow_execution' OR name IN (SELECT value FROM json_each($1)))")
        .bind(OF_AGENTS),
        Source::Everything => sql("SELECT coalesce(max(through), 0) FROM pruned"),
    };
    let (through,): (i64,) = gone.one(connection).await?;
    Ok(position(through))
}

/// No id of an execution that was submitted before the time is greater.
fn latest_id(before: Timestamp) -> String {
    let ms = u64::try_from(before.0.saturating_add(CLOCKS_MS)).unwrap_or(0).min((1 << 48) - 1);
    let hex = format!("{ms:012x}");
    format!("{}-{}", &hex[..8], &hex[8..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_before_are_smaller() {
        let id = |ms: u64| uuid::Builder::from_unix_timestamp_millis(ms, &[0xff; 10]).into_uuid().to_string();
        let now = 1_700_000_000_000_i64;
        let latest = latest_id(Timestamp(now));
        let hour = u64::try_from(now + CLOCKS_MS).expect("a time");
        assert!(id(hour - 1) < latest && latest < id(hour), "{latest}");
        assert!(latest_id(Timestamp(i64::MIN)) < id(1));
    }
}
