//! Servers that share a store, and which execution is whose.
//!
//! A server beats; its lease holds until the time it said. An execution has an owner, the server that moves it.
//! What belongs to nobody, or to a server whose lease has ended, is anybody's to take over. Owning is a division of
//! labour, not a lock: what decides between two that move one execution is the version in their commits.

use crate::{
    ActiveExecution, Store, StoreError, StoredTask,
    sql::{
        connection::Connection,
        database::repeatedly,
        read::{executions::ActiveRow, tasks::TaskRow},
        statement::sql,
    },
};
use protocol::{ExecutionId, Timestamp};

/// Servers whose lease ended so long ago are forgotten; until then operators see that they are gone.
const FORGET_AFTER_MS: i64 = 24 * 60 * 60 * 1_000;

/// A server that uses this store, alive or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    pub name: String,
    /// Where it serves.
    pub url: Option<String>,
    pub started_at: Timestamp,
    pub beat_at: Timestamp,
    /// Its lease ends then.
    pub until: Timestamp,
}

impl dyn Store {
    /// A server says that it lives and will beat again before `until`. False when its lease had ended meanwhile:
    /// it is renewed, but what the server owned may be somebody else's now. The first beat is true.
    ///
    /// # Errors
    /// `Refused` for a name that is empty or has a slash: tasks are claimed as `server/worker`.
    pub async fn beat(
        &self,
        server: &str,
        url: Option<&str>,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        if server.is_empty() || server.contains('/') {
            return Err(StoreError::Refused(format!("`{server}` is no name of a server: it is empty or has a slash")));
        }
        let (server, url) = (server.to_owned(), url.map(str::to_owned));
        let beat = repeatedly(move |connection| Box::pin(beat(connection, server.clone(), url.clone(), now, until)));
        self.database().write(beat).await
    }

    /// The server has stopped: its lease ends now.
    pub async fn leave(&self, server: &str) -> Result<(), StoreError> {
        self.database().change(sql("DELETE FROM servers WHERE name = $1").bind(server)).await.map(drop)
    }

    /// All that beat in the last day and have not left, by name.
    pub async fn servers(&self) -> Result<Vec<Server>, StoreError> {
        let all = sql("SELECT name, url, started_at, beat_at, until FROM servers ORDER BY name");
        let rows: Vec<ServerRow> = self.database().all(all).await?;
        Ok(rows.into_iter().map(ServerRow::server).collect())
    }

    /// Makes the server the owner of executions that have not ended and that nobody alive owns, the oldest first,
    /// at most `limit`. Of several servers that ask at once, each execution goes to one. Nothing goes to a server
    /// without a lease: beat first.
    pub async fn take_over(
        &self,
        server: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<ActiveExecution>, StoreError> {
        let server = server.to_owned();
        let take = repeatedly(move |connection| Box::pin(take_over(connection, server.clone(), now, limit)));
        self.database().write(take).await
    }

    /// Executions that have not ended and belong to the server, after the given id, in id order.
    pub async fn executions_of(
        &self,
        server: &str,
        after: Option<ExecutionId>,
        limit: u32,
    ) -> Result<Vec<ActiveExecution>, StoreError> {
        let owned = sql("SELECT execution_id, path, playbook_version, version, state, wake_at, owner FROM executions
            WHERE state IN ('initial', 'in_progress') AND owner = $1 AND execution_id > $2
            ORDER BY execution_id LIMIT $3")
        .bind(server)
        .bind(after.map(|id| id.to_string()).unwrap_or_default())
        .bind(limit);
        let rows: Vec<ActiveRow> = self.database().all(owned).await?;
        rows.into_iter().map(ActiveRow::execution).collect()
    }

    /// Open tasks of the server's executions, by when they are due.
    pub async fn open_tasks_of(&self, server: &str) -> Result<Vec<StoredTask>, StoreError> {
        // A key begins with the execution's id, which has 36 characters.
        let open = sql("SELECT t.key, t.due, t.claimed_by, t.task FROM tasks t
            JOIN executions x ON x.execution_id = substr(t.key, 1, 36)
            WHERE x.owner = $1 ORDER BY t.due, t.key");
        let rows: Vec<TaskRow> = self.database().all(open.bind(server)).await?;
        rows.into_iter().map(TaskRow::task).collect()
    }

    /// Open tasks nobody has claimed, of these protocols and due at `before` or earlier, by when they are due, at
    /// most `limit`: what another server may take off their owner's hands.
    pub async fn unclaimed_tasks(
        &self,
        protocols: &[String],
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<StoredTask>, StoreError> {
        let mut unclaimed = sql("SELECT key, due, claimed_by, task FROM tasks WHERE claimed_by IS NULL AND due <= $1
            AND protocol IN (NULL")
        .bind(before);
        for protocol in protocols {
            unclaimed.push(", ").push_bind(protocol.as_str());
        }
        unclaimed.push(") ORDER BY due, key LIMIT ").push_bind(limit);
        let rows: Vec<TaskRow> = self.database().all(unclaimed).await?;
        rows.into_iter().map(TaskRow::task).collect()
    }

    /// Open tasks that were handed out by a server whose lease has ended, by when they are due, at most `limit`. Not
    /// those that wait for a child execution: it goes on wherever it is, and whoever takes over its parent waits for it.
    pub async fn tasks_of_lost_servers(&self, now: Timestamp, limit: u32) -> Result<Vec<StoredTask>, StoreError> {
        let lost = sql("SELECT t.key, t.due, t.claimed_by, t.task FROM tasks t
            WHERE t.claimed_by IS NOT NULL AND t.protocol <> 'playbook' AND NOT EXISTS (SELECT 1 FROM servers s
                WHERE s.until > $1 AND substr(t.claimed_by, 1, length(s.name) + 1) = s.name || '/')
            ORDER BY t.due, t.key LIMIT $2");
        let rows: Vec<TaskRow> = self.database().all(lost.bind(now).bind(limit)).await?;
        rows.into_iter().map(TaskRow::task).collect()
    }
}

#[derive(sqlx::FromRow)]
struct ServerRow {
    name: String,
    url: Option<String>,
    started_at: i64,
    beat_at: i64,
    until: i64,
}

impl ServerRow {
    fn server(self) -> Server {
        Server {
            name: self.name,
            url: self.url,
            started_at: Timestamp(self.started_at),
            beat_at: Timestamp(self.beat_at),
            until: Timestamp(self.until),
        }
    }
}

async fn beat(
    connection: &mut Connection<'_>,
    server: String,
    url: Option<String>,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    sql("DELETE FROM servers WHERE until < $1 AND name <> $2")
        .bind(now.0 - FORGET_AFTER_MS)
        .bind(&server)
        .execute(connection)
        .await?;
    let before: Option<(i64,)> =
        sql("SELECT until FROM servers WHERE name = $1").bind(&server).optional(connection).await?;
    sql("INSERT INTO servers (name, url, started_at, beat_at, until) VALUES ($1, $2, $3, $3, $4)
        ON CONFLICT (name) DO UPDATE SET url = excluded.url, beat_at = excluded.beat_at, until = excluded.until")
    .bind(server)
    .bind(url)
    .bind(now)
    .bind(until)
    .execute(connection)
    .await?;
    Ok(before.is_none_or(|(until,)| until > now.0))
}

async fn take_over(
    connection: &mut Connection<'_>,
    server: String,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<ActiveExecution>, StoreError> {
    // `NOT IN`, not `NOT EXISTS`: a row that was taken meanwhile is looked at again by PostgreSQL, and only what is
    // no join is decided anew then.
    let mut take = sql("UPDATE executions SET owner = $1
        WHERE execution_id IN (SELECT x.execution_id FROM executions x
            WHERE x.state IN ('initial', 'in_progress')
                AND (x.owner IS NULL OR x.owner NOT IN (SELECT o.name FROM servers o WHERE o.until > $2))
                AND EXISTS (SELECT 1 FROM servers s WHERE s.name = $1 AND s.until > $2)
            ORDER BY x.execution_id LIMIT $3")
    .bind(server)
    .bind(now)
    .bind(limit);
    take.push(connection.skip_locked());
    take.push(") RETURNING execution_id, path, playbook_version, version, state, wake_at, owner");
    let rows: Vec<ActiveRow> = take.all(connection).await?;
    let mut taken = rows.into_iter().map(ActiveRow::execution).collect::<Result<Vec<_>, _>>()?;
    taken.sort_unstable_by_key(|execution| execution.execution_id);
    Ok(taken)
}
