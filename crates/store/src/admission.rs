//! Letting executions in: places for those that are limited together, and buckets for how often they start.

use crate::{
    Store, StoreError,
    sql::{
        connection::Connection,
        database::repeatedly,
        read::parsed,
        statement::{Statement, sql},
    },
};
use protocol::{ExecutionId, Timestamp};

impl dyn Store {
    /// Takes a place of the key for an execution, unless `limit` hold one already. Asking again for the same
    /// execution is answered like the first time, whatever the limit is by now.
    pub async fn acquire(
        &self,
        key: &str,
        execution: ExecutionId,
        limit: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = key.to_owned();
        let take = repeatedly(move |connection| Box::pin(acquire(connection, key.clone(), execution, limit, now)));
        self.database().write(take).await
    }

    /// Gives back every place an execution holds; the keys.
    pub async fn release(&self, execution: ExecutionId) -> Result<Vec<String>, StoreError> {
        let delete = sql("DELETE FROM permits WHERE execution_id = $1 RETURNING key").bind(execution);
        let release = repeatedly(move |connection| Box::pin(give_back(connection, delete.clone())));
        self.database().write(release).await
    }

    /// Gives back the places of the key whose executions have ended; how many.
    pub async fn release_ended(&self, key: &str) -> Result<usize, StoreError> {
        let delete = sql("DELETE FROM permits WHERE key = $1 AND EXISTS (SELECT 1 FROM executions x
                WHERE x.execution_id = permits.execution_id AND x.state NOT IN ('initial', 'in_progress'))
            RETURNING key")
        .bind(key);
        let release = repeatedly(move |connection| Box::pin(give_back(connection, delete.clone())));
        Ok(self.database().write(release).await?.len())
    }

    /// Who holds a place of the key, the longest holder first.
    pub async fn permits(&self, key: &str) -> Result<Vec<ExecutionId>, StoreError> {
        let holders = sql("SELECT execution_id FROM permits WHERE key = $1 ORDER BY acquired_at, execution_id");
        let rows: Vec<(String,)> = self.database().all(holders.bind(key)).await?;
        rows.into_iter().map(|(id,)| parsed(&id, || format!("a permit of {key}"))).collect()
    }

    /// Gives back the places of executions that have ended or were never there, if they were taken before the time
    /// given (a place is taken before its execution starts); the keys, each as often as it became free. Forgets
    /// rates that were full again then.
    pub async fn sweep_permits(&self, acquired_before: Timestamp) -> Result<Vec<String>, StoreError> {
        let full = sql("DELETE FROM rates WHERE full_at < $1").bind(acquired_before.0.saturating_mul(1_000));
        self.database().change(full).await?;
        let delete = sql("DELETE FROM permits WHERE acquired_at < $1 AND NOT EXISTS (SELECT 1 FROM executions x
                WHERE x.execution_id = permits.execution_id AND x.state IN ('initial', 'in_progress'))
            RETURNING key")
        .bind(acquired_before);
        let sweep = repeatedly(move |connection| Box::pin(give_back(connection, delete.clone())));
        self.database().write(sweep).await
    }

    /// Takes one out of the key's bucket of `limit`, which refills evenly over `per_ms`. From an empty one, nothing
    /// is taken, and the answer is when there will be one.
    ///
    /// # Errors
    /// `Refused` for a limit or a time of 0.
    pub async fn take_rate(
        &self,
        key: &str,
        limit: u32,
        per_ms: u64,
        now: Timestamp,
    ) -> Result<Result<(), Timestamp>, StoreError> {
        let per_us = i64::try_from(per_ms).unwrap_or(i64::MAX).saturating_mul(1_000);
        if limit == 0 || per_us == 0 {
            return Err(StoreError::Refused(format!("{limit} in {per_ms} ms is no rate: it lets nothing in")));
        }
        let take = Take {
            key: key.to_owned(),
            each_us: (per_us / i64::from(limit)).max(1),
            now_us: now.0.saturating_mul(1_000),
            per_us,
        };
        self.database().write(repeatedly(move |connection| Box::pin(take.clone().from(connection)))).await
    }
}

async fn acquire(
    connection: &mut Connection<'_>,
    key: String,
    execution: ExecutionId,
    limit: u32,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (all, own) = holders(connection, &key, execution).await?;
    if own || all >= i64::from(limit) {
        return Ok(own);
    }
    // From here on nobody else gives a place of this key.
    sql("INSERT INTO permit_keys (key) VALUES ($1) ON CONFLICT (key) DO UPDATE SET key = excluded.key")
        .bind(&key)
        .execute(connection)
        .await?;
    sql("INSERT INTO permits (key, execution_id, acquired_at) SELECT $1, $2, $3
        WHERE (SELECT count(*) FROM permits WHERE key = $1) < $4
        ON CONFLICT (key, execution_id) DO NOTHING")
    .bind(&key)
    .bind(execution)
    .bind(now)
    .bind(limit)
    .execute(connection)
    .await?;
    Ok(holders(connection, &key, execution).await?.1)
}

/// How many hold a place, and whether this one does.
async fn holders(
    connection: &mut Connection<'_>,
    key: &str,
    execution: ExecutionId,
) -> Result<(i64, bool), StoreError> {
    let (all, own): (i64, i64) =
        sql("SELECT count(*), count(CASE WHEN execution_id = $2 THEN 1 END) FROM permits WHERE key = $1")
            .bind(key)
            .bind(execution)
            .one(connection)
            .await?;
    Ok((all, own > 0))
}

/// Deletes permits; their keys.
async fn give_back(connection: &mut Connection<'_>, delete: Statement) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = delete.all(connection).await?;
    let mut keys: Vec<String> = rows.into_iter().map(|(key,)| key).collect();
    keys.sort_unstable();
    sql("DELETE FROM permit_keys WHERE key IN (SELECT value FROM json_each($1))
            AND NOT EXISTS (SELECT 1 FROM permits p WHERE p.key = permit_keys.key)")
    .bind(&keys[..])
    .execute(connection)
    .await?;
    Ok(keys)
}

/// One out of a bucket.
#[derive(Clone)]
struct Take {
    key: String,
    /// What one more adds to the time until the bucket is full.
    each_us: i64,
    /// The time an empty one takes.
    per_us: i64,
    now_us: i64,
}

impl Take {
    async fn from(self, connection: &mut Connection<'_>) -> Result<Result<(), Timestamp>, StoreError> {
        let Take { key, each_us, per_us, now_us } = self;
        // Nothing is emptier than empty: the clock was set back, or the rate was lower.
        sql("UPDATE rates SET full_at = $2 WHERE key = $1 AND full_at > $2")
            .bind(&key)
            .bind(now_us + per_us)
            .execute(connection)
            .await?;
        let taken = sql("INSERT INTO rates (key, full_at) VALUES ($1, $2 + $3)
            ON CONFLICT (key) DO UPDATE SET
                full_at = CASE WHEN rates.full_at > $2 THEN rates.full_at ELSE $2 END + $3
            WHERE rates.full_at + $3 <= $2 + $4")
        .bind(&key)
        .bind(now_us)
        .bind(each_us)
        .bind(per_us)
        .execute(connection)
        .await?;
        if taken > 0 {
            return Ok(Ok(()));
        }
        let (full_at,): (i64,) = sql("SELECT full_at FROM rates WHERE key = $1").bind(key).one(connection).await?;
        let next_us = (full_at + each_us - per_us).max(now_us);
        Ok(Err(Timestamp(next_us.div_euclid(1_000) + i64::from(next_us.rem_euclid(1_000) > 0))))
    }
}
