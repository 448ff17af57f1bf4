//! Measurements rolled up, for charts.

use crate::{
    Store, StoreError,
    sql::{connection::Connection, database::repeatedly, read::number, statement::sql},
};
use protocol::Timestamp;

/// Rows of one statement: each has eleven parameters, and SQLite takes 32,766 in all.
const ROWS: usize = 100;
/// Points of one answer.
const POINTS: u32 = 50_000;

/// What is measured, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricKey {
    pub name: String,
    /// Empty: of no agent.
    pub agent_id: String,
    /// The server that measured itself; empty for what programs published.
    pub server: String,
}

/// The measurements of one stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricRow {
    pub key: MetricKey,
    pub resolution_ms: u64,
    pub at: Timestamp,
    pub unit: String,
    pub category: String,
    pub count: u64,
    pub total: f64,
    pub least: f64,
    pub most: f64,
}

/// Something that was measured, and when last.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricName {
    pub key: MetricKey,
    pub unit: String,
    pub category: String,
    pub last_at: Timestamp,
}

impl dyn Store {
    /// Adds measurements to those that are there of the same stretches of time.
    pub async fn add_metrics(&self, mut rows: Vec<MetricRow>) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        // In one order, so that servers that add to the same rows wait for each other and do not block each other.
        rows.sort_by(|a, b| (&a.key, a.resolution_ms, a.at).cmp(&(&b.key, b.resolution_ms, b.at)));
        self.database().write(repeatedly(move |connection| Box::pin(add(connection, rows.clone())))).await
    }

    /// The rows of a name at a resolution, of all who measured it or of one agent, from a time until before another,
    /// by who measured and then in time.
    pub async fn metrics(
        &self,
        name: &str,
        agent_id: Option<&str>,
        resolution_ms: u64,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<MetricRow>, StoreError> {
        let mut select = sql("SELECT name, agent_id, server, resolution, at, unit, category, count, total, least, most
            FROM metrics WHERE name = $1 AND resolution = $2 AND at >= $3 AND at < $4")
        .bind(name)
        .bind(i64::try_from(resolution_ms).unwrap_or(i64::MAX))
        .bind(from)
        .bind(until);
        if let Some(agent_id) = agent_id {
            select.push(" AND agent_id = ").push_bind(agent_id);
        }
        select.push(" ORDER BY agent_id, server, at LIMIT ").push_bind(POINTS);
        let rows: Vec<Row> = self.database().all(select).await?;
        rows.into_iter().map(Row::metric).collect()
    }

    /// What was measured at a resolution since a time, by name.
    pub async fn metric_names(&self, resolution_ms: u64, since: Timestamp) -> Result<Vec<MetricName>, StoreError> {
        let rows: Vec<NameRow> = self
            .database()
            .all(
                sql("SELECT name, agent_id, server, max(unit) AS unit, max(category) AS category, max(at) AS last_at
                    FROM metrics WHERE resolution = $1 AND at >= $2
                    GROUP BY name, agent_id, server ORDER BY name, agent_id, server")
                .bind(i64::try_from(resolution_ms).unwrap_or(i64::MAX))
                .bind(since),
            )
            .await?;
        let of = |row: NameRow| MetricName {
            key: MetricKey { name: row.name, agent_id: row.agent_id, server: row.server },
            unit: row.unit,
            category: row.category,
            last_at: Timestamp(row.last_at),
        };
        Ok(rows.into_iter().map(of).collect())
    }

    /// Removes rows of a resolution that begin before a time; how many.
    pub async fn prune_metrics(&self, resolution_ms: u64, before: Timestamp) -> Result<u64, StoreError> {
        let delete = sql("DELETE FROM metrics WHERE resolution = $1 AND at < $2")
            .bind(i64::try_from(resolution_ms).unwrap_or(i64::MAX))
            .bind(before);
        self.database().change(delete).await
    }

    /// Tasks that wait for somebody to take them.
    pub async fn queue_depth(&self) -> Result<u64, StoreError> {
        let count = sql("SELECT count(*) FROM tasks WHERE claimed_by IS NULL");
        let found: Option<(i64,)> = self.database().optional(count).await?;
        number(found.map_or(0, |(count,)| count), || "the count of tasks".to_owned())
    }
}

async fn add(connection: &mut Connection<'_>, rows: Vec<MetricRow>) -> Result<(), StoreError> {
    for rows in rows.chunks(ROWS) {
        let mut insert = sql("INSERT INTO metrics
            (name, agent_id, server, resolution, at, unit, category, count, total, least, most) VALUES ");
        for (index, row) in rows.iter().enumerate() {
            insert.push(if index == 0 { "(" } else { ", (" });
            insert.push_bind(&row.key.name).push(", ").push_bind(&row.key.agent_id).push(", ");
            insert.push_bind(&row.key.server).push(", ");
            insert.push_bind(i64::try_from(row.resolution_ms).unwrap_or(i64::MAX)).push(", ").push_bind(row.at);
            insert.push(", ").push_bind(&row.unit).push(", ").push_bind(&row.category).push(", ");
            insert.push_bind(i64::try_from(row.count).unwrap_or(i64::MAX)).push(", ").push_bind(row.total);
            insert.push(", ").push_bind(row.least).push(", ").push_bind(row.most).push(")");
        }
        insert.push(
            " ON CONFLICT (name, agent_id, server, resolution, at) DO UPDATE SET
                unit = excluded.unit, category = excluded.category,
                count = metrics.count + excluded.count, total = metrics.total + excluded.total,
                least = CASE WHEN excluded.least < metrics.least THEN excluded.least ELSE metrics.least END,
                most = CASE WHEN excluded.most > metrics.most THEN excluded.most ELSE metrics.most END",
        );
        insert.execute(connection).await?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    name: String,
    agent_id: String,
    server: String,
    resolution: i64,
    at: i64,
    unit: String,
    category: String,
    count: i64,
    total: f64,
    least: f64,
    most: f64,
}

impl Row {
    fn metric(self) -> Result<MetricRow, StoreError> {
        let what = || format!("a row of metric {}", self.name);
        Ok(MetricRow {
            resolution_ms: number(self.resolution, what)?,
            count: number(self.count, what)?,
            key: MetricKey { name: self.name, agent_id: self.agent_id, server: self.server },
            at: Timestamp(self.at),
            unit: self.unit,
            category: self.category,
            total: self.total,
            least: self.least,
            most: self.most,
        })
    }
}

#[derive(sqlx::FromRow)]
struct NameRow {
    name: String,
    agent_id: String,
    server: String,
    unit: String,
    category: String,
    last_at: i64,
}
