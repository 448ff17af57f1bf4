//! The statement of a group commit: one, so one round trip, and by itself one transaction.
//!
//! `open_log` (see the migration) takes the log for this transaction and finds, on a snapshot taken after that, the
//! head and the units that lose; the rest writes what the others brought. Rows come as arrays, one per column. The
//! parts have no joins but by key; the writer's session keeps the planner to that (`connect`).

use super::plan::{Found, Moving, Plan, Unit};
use protocol::Position;
use sqlx::{
    AssertSqlSafe, PgConnection, Postgres, Row,
    postgres::{PgArguments, PgBindIterExt, PgRow},
    query::Query,
};
use std::{collections::HashMap, sync::Arc};

/// `c`: the units that go through, with the position of their newest event. The calls of `unnest` in one SELECT go on
/// side by side; in FROM, their rows would be put away first and read back.
const OPEN: &str = "
WITH log AS MATERIALIZED (SELECT head, lost, versions, states FROM open_log($1, $2::text[], $3::bigint[], $4::text[])),
c AS MATERIALIZED (
    SELECT u.*, u.head + u.through - CASE WHEN u.lost = '{}' THEN 0 ELSE (
        SELECT coalesce(sum(l.events), 0) FROM unnest($6::bigint[]) WITH ORDINALITY AS l (events, unit)
        WHERE l.unit = ANY (u.lost) AND l.unit < u.unit) END AS position
    FROM (SELECT log.head, log.lost, CAST(generate_series(1, cardinality($6::bigint[])) AS BIGINT) AS unit,
        unnest($2::text[]) AS execution_id, unnest($3::bigint[]) AS expected, unnest($4::text[]) AS before,
        unnest($5::bigint[]) AS version, unnest($6::bigint[]) AS events, unnest($7::text[]) AS path,
        unnest($8::bigint[]) AS playbook_version, unnest($9::text[]) AS state, unnest($10::text[]) AS step,
        unnest($11::double precision[]) AS progress, unnest($12::bigint[]) AS created_at,
        unnest($13::bigint[]) AS ended_at, unnest($14::bigint[]) AS wake_at, unnest($15::text[]) AS error,
        unnest($16::boolean[]) AS whole, unnest($17::text[]) AS owner, unnest($18::text[]) AS input,
        unnest($19::text[]) AS result, unnest($46::bigint[]) AS through
        FROM log) AS u
    WHERE NOT u.unit = ANY (u.lost)
)";

const NEW: &str = ",
new AS (
    INSERT INTO executions (execution_id, version, path, playbook_version, state, step, progress, created_at, ended_at,
        wake_at, error, owner, position)
    SELECT execution_id, version, path, playbook_version, state, step, progress, created_at, ended_at, wake_at, error,
        owner, position
    FROM c WHERE execution_id IS NOT NULL AND expected = 0
)";

const MOVED: &str = ",
moved AS (
    UPDATE executions x SET version = c.version, state = c.state, step = c.step, progress = c.progress,
        wake_at = c.wake_at, owner = coalesce(c.owner, x.owner),
        ended_at = CASE WHEN c.whole THEN c.ended_at ELSE x.ended_at END,
        error = CASE WHEN c.whole THEN c.error ELSE x.error END,
        position = CASE WHEN c.events > 0 THEN c.position ELSE x.position END
    FROM c WHERE c.expected > 0 AND x.execution_id = c.execution_id
    RETURNING 1
)";

const DATA: &str = ",
data AS (
    INSERT INTO execution_data AS d (execution_id, input, result)
    SELECT execution_id, input, result FROM c WHERE input IS NOT NULL OR result IS NOT NULL
    ON CONFLICT (execution_id) DO UPDATE SET input = coalesce(excluded.input, d.input),
        result = coalesce(excluded.result, d.result)
)";

const COUNTS: &str = ",
counts AS (
    INSERT INTO execution_counts AS k (path, state, executions)
    SELECT path, state, sum(difference) FROM (
        SELECT path, state, 1 AS difference FROM c WHERE execution_id IS NOT NULL AND before IS DISTINCT FROM state
        UNION ALL
        SELECT path, before, -1 FROM c WHERE before IS NOT NULL AND before IS DISTINCT FROM state
    ) AS differences
    GROUP BY path, state HAVING sum(difference) <> 0
    ON CONFLICT (path, state) DO UPDATE SET executions = k.executions + excluded.executions
)";

const EVENTS: &str = ",
written AS (
    INSERT INTO events (position, id, time, type, execution_id, version, subject, correlation_id, causation_id,
        traceparent, commit_id, data)
    SELECT e.head + e.n - CASE WHEN e.lost = '{}' THEN 0 ELSE (
        SELECT coalesce(sum(l.events), 0) FROM unnest($6::bigint[]) WITH ORDINALITY AS l (events, unit)
        WHERE l.unit = ANY (e.lost) AND l.unit < e.unit) END,
        e.id, e.time, e.type, e.execution_id, e.version, e.subject, e.correlation_id, e.causation_id, e.traceparent,
        e.commit_id, e.data
    FROM (SELECT log.head, log.lost, generate_series(1, cardinality($20::bigint[])) AS n,
        unnest($20::bigint[]) AS unit, unnest($21::text[]) AS id, unnest($22::bigint[]) AS time,
        unnest($23::text[]) AS type, unnest($24::text[]) AS execution_id, unnest($25::bigint[]) AS version,
        unnest($26::text[]) AS subject, unnest($27::text[]) AS correlation_id, unnest($28::text[]) AS causation_id,
        unnest($29::text[]) AS traceparent, unnest($30::text[]) AS commit_id, unnest($31::text[]) AS data
        FROM log) AS e
    WHERE NOT e.unit = ANY (e.lost)
)";

const ADDS: &str = ",
added AS (
    INSERT INTO tasks (key, protocol, due, claimed_by, task)
    SELECT t.key, t.protocol, t.due, t.claimed_by, t.task
    FROM (SELECT log.lost, unnest($32::bigint[]) AS unit, unnest($33::text[]) AS key, unnest($34::text[]) AS protocol,
        unnest($35::bigint[]) AS due, unnest($36::text[]) AS claimed_by, unnest($37::text[]) AS task
        FROM log) AS t
    WHERE NOT t.unit = ANY (t.lost)
)";

const CLAIMS: &str = ",
claimed AS (
    UPDATE tasks SET claimed_by = t.worker
    FROM (SELECT log.lost, unnest($38::bigint[]) AS unit, unnest($39::text[]) AS key, unnest($40::text[]) AS worker
        FROM log) AS t
    WHERE tasks.key = t.key AND NOT t.unit = ANY (t.lost)
)";

const SETTLES: &str = ",
settled AS (
    DELETE FROM tasks
    USING (SELECT log.lost, unnest($41::bigint[]) AS unit, unnest($42::text[]) AS key FROM log) AS t
    WHERE tasks.key = t.key AND NOT t.unit = ANY (t.lost)
)";

/// Says that the group was committed, when no event of it does: see `unsettled`.
const MARK: &str = ",
marked AS (
    INSERT INTO meta (key, value)
    SELECT $43, concat_ws(' ', $44, log.head, array_to_string(log.lost, ','), CAST(extract(epoch FROM now()) AS BIGINT))
    FROM log
    ON CONFLICT (key) DO UPDATE SET value = excluded.value
)";

/// The answer. The division fails, and everything with it, when a row that `open_log` found is not there for the
/// statement's own older snapshot: then it is to be tried again.
const CLOSE: &str = "
SELECT head, lost, versions, states";
const GUARD: &str = ",
    1 / CASE WHEN (SELECT count(*) FROM moved) = (SELECT count(*) FROM c WHERE expected > 0) THEN 1 ELSE 0 END";
const NOTIFY: &str = ",
    pg_notify($45, CAST(head + (SELECT coalesce(sum(events), 0) FROM c) AS TEXT))";
const FROM: &str = "
FROM log";

/// Marks of writers that ended without taking theirs back, a day ago.
pub(super) const FORGET_MARKS: &str = "
DELETE FROM meta
WHERE key LIKE 'writer:%' AND CAST(split_part(value, ' ', 4) AS BIGINT) < extract(epoch FROM now()) - 86400";

/// Where the new head is told, and how the group is marked if it has to be.
pub(super) struct Told<'t> {
    pub(super) lock: i64,
    pub(super) channel: Option<&'t str>,
    /// Key and group.
    pub(super) mark: Option<(&'t str, &'t str)>,
}

/// Texts of the statement, by which parts it has: a group without tasks does not pay for them. All have the same
/// parameters.
#[derive(Default)]
pub(super) struct Statements {
    texts: HashMap<u16, Arc<str>>,
}

impl Statements {
    pub(super) fn write(&mut self, plan: &Plan<'_>, told: &Told<'_>) -> Query<'static, Postgres, PgArguments> {
        let executions = || plan.units.iter().filter_map(|unit| unit.execution.as_ref());
        let moved = executions().any(|execution| execution.expected > 0);
        let parts = [
            (true, OPEN),
            (executions().any(|execution| execution.expected == 0), NEW),
            (moved, MOVED),
            (executions().any(|execution| execution.input.is_some() || execution.result.is_some()), DATA),
            (executions().any(|execution| execution.before.as_deref() != Some(execution.newest.state)), COUNTS),
            (!plan.events.is_empty(), EVENTS),
            (!plan.adds.is_empty(), ADDS),
            (!plan.claims.is_empty(), CLAIMS),
            (!plan.settles.is_empty(), SETTLES),
            (told.mark.is_some(), MARK),
            (true, CLOSE),
            (moved, GUARD),
            (told.channel.is_some(), NOTIFY),
            (true, FROM),
        ];
        let shape = parts.iter().enumerate().fold(0, |shape, (bit, (wanted, _))| shape | u16::from(*wanted) << bit);
        let text = self.texts.entry(shape).or_insert_with(|| {
            let wanted = parts.iter().filter(|(wanted, _)| *wanted).map(|(_, text)| *text);
            wanted.collect::<String>().into()
        });
        bind(sqlx::query(AssertSqlSafe(text.clone())), plan, told)
    }
}

fn of<'u, 'g>(unit: &'u Unit<'g>) -> Option<&'u Moving<'g>> {
    unit.execution.as_ref()
}

/// What the statement answered.
pub(super) fn found(rows: &[PgRow]) -> Result<Found, sqlx::Error> {
    let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let head: i64 = row.try_get(0)?;
    let (lost, versions): (Vec<i64>, Vec<i64>) = (row.try_get(1)?, row.try_get(2)?);
    let states: Vec<Option<String>> = row.try_get(3)?;
    let lost = lost.into_iter().zip(versions).zip(states);
    Ok(Found {
        head: head.cast_unsigned(),
        // Units are counted from 1 in SQL.
        lost: lost.map(|((unit, version), state)| (unit as usize - 1, (version.cast_unsigned(), state))).collect(),
    })
}

/// Which of the commits `(index, execution, version of its first event, id)` are in the log: index and position.
pub(super) async fn find_commits(
    connection: &mut PgConnection,
    asked: &[(usize, String, u64, String)],
) -> Result<Vec<(usize, Position)>, sqlx::Error> {
    let rows: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT a.key, e.position
        FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[]) AS a (key, execution_id, version, commit_id)
        JOIN events e ON e.execution_id = a.execution_id AND e.version = a.version
        WHERE e.commit_id = a.commit_id",
    )
    .bind(asked.iter().map(|(index, ..)| *index as i64).bind_iter())
    .bind(asked.iter().map(|(_, execution, ..)| execution.as_str()).bind_iter())
    .bind(asked.iter().map(|(_, _, version, _)| version.cast_signed()).bind_iter())
    .bind(asked.iter().map(|(.., id)| id.as_str()).bind_iter())
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(index, position)| (index as usize, Position(position.cast_unsigned()))).collect())
}

fn bind(
    query: Query<'static, Postgres, PgArguments>,
    plan: &Plan<'_>,
    told: &Told<'_>,
) -> Query<'static, Postgres, PgArguments> {
    /// One column of rows.
    macro_rules! column {
        ($rows:expr, $row:pat => $value:expr) => {
            $rows.iter().map(|$row| $value).bind_iter()
        };
    }
    let Plan { units, events, adds, claims, settles, .. } = plan;
    let through = units.iter().scan(0, |through, unit| {
        *through += unit.events.cast_signed();
        Some(*through)
    });
    let query = query
        .bind(told.lock)
        .bind(column!(units, u => of(u).map(|e| e.newest.id.as_str())))
        .bind(column!(units, u => of(u).map(|e| e.expected.cast_signed())))
        .bind(column!(units, u => of(u).and_then(|e| e.before.as_deref())))
        .bind(column!(units, u => of(u).map(|e| e.version.cast_signed())))
        .bind(column!(units, u => u.events.cast_signed()))
        .bind(column!(units, u => of(u).map(|e| e.newest.path.as_str())))
        .bind(column!(units, u => of(u).map(|e| e.newest.playbook_version)))
        .bind(column!(units, u => of(u).map(|e| e.newest.state)))
        .bind(column!(units, u => of(u).and_then(|e| e.newest.step.as_deref())))
        .bind(column!(units, u => of(u).map(|e| e.newest.progress)))
        .bind(column!(units, u => of(u).map(|e| e.newest.created_at)))
        .bind(column!(units, u => of(u).and_then(|e| e.newest.ended_at)))
        .bind(column!(units, u => of(u).and_then(|e| e.newest.wake_at)))
        .bind(column!(units, u => of(u).and_then(|e| e.newest.error.as_deref())))
        .bind(column!(units, u => of(u).map(|e| e.ends || e.before.as_deref() != Some(e.newest.state))))
        .bind(column!(units, u => of(u).and_then(|e| e.owner)))
        .bind(column!(units, u => of(u).and_then(|e| e.input)))
        .bind(column!(units, u => of(u).and_then(|e| e.result)));
    let query = query
        .bind(column!(events, e => e.unit))
        .bind(column!(events, e => e.row.id.as_str()))
        .bind(column!(events, e => e.row.time))
        .bind(column!(events, e => e.row.name.as_str()))
        .bind(column!(events, e => e.row.execution_id.as_deref()))
        .bind(column!(events, e => e.row.version))
        .bind(column!(events, e => e.row.subject.as_deref()))
        .bind(column!(events, e => e.row.correlation_id.as_deref()))
        .bind(column!(events, e => e.row.causation_id.as_deref()))
        .bind(column!(events, e => e.row.traceparent.as_deref()))
        .bind(column!(events, e => e.row.commit_id.as_deref()))
        .bind(column!(events, e => e.row.data.as_str()));
    query
        .bind(column!(adds, t => t.unit))
        .bind(column!(adds, t => t.row.task.key.as_str()))
        .bind(column!(adds, t => t.row.task.protocol.as_str()))
        .bind(column!(adds, t => t.row.task.due))
        .bind(column!(adds, t => t.row.claimed_by))
        .bind(column!(adds, t => t.row.task.task.as_str()))
        .bind(column!(claims, t => t.unit))
        .bind(column!(claims, t => t.row.key.as_str()))
        .bind(column!(claims, t => t.row.worker.as_str()))
        .bind(column!(settles, t => t.unit))
        .bind(column!(settles, t => t.row))
        .bind(told.mark.map(|(key, _)| key))
        .bind(told.mark.map(|(_, group)| group))
        .bind(told.channel)
        .bind(through.bind_iter())
}
