//! The statements of a group commit: one script where the group finds what it expects, two where it has to look
//! first, because each round trip to the connection's thread costs as much as the statements in it.
//!
//! Parameters are bare `?`: in a script sqlx binds NULL to numbered ones from the second statement on. Rows
//! arrive as one JSON array per table; `jsonb` parses it once.

use super::plan::{Plan, closed};
use sqlx::{AssertSqlSafe, Sqlite, query::Query, sqlite::SqliteArguments};
use std::{collections::HashMap, sync::Arc};

/// Opens the group. One row: the newest position, and `[execution_id, version, state]` of each execution that is
/// not as expected, as JSON.
pub(super) const OPEN: &str = "
BEGIN IMMEDIATE;
SELECT coalesce((SELECT max(position) FROM events), 0),
    (SELECT json_group_array(json_array(j.value->>0, coalesce(x.version, 0), x.state))
    FROM jsonb_each(jsonb(?)) j LEFT JOIN executions x ON x.execution_id = j.value->>0
    WHERE coalesce(x.version, 0) <> j.value->>1 OR x.state <> j.value->>2)";

/// Opens the group where it is known what will be found: goes on only if the log ends where it is said to, and each
/// execution is as expected.
const OPEN_AS_EXPECTED: &str = "
BEGIN IMMEDIATE;
INSERT INTO guard SELECT 0 WHERE coalesce((SELECT max(position) FROM events), 0) <> ?;
INSERT INTO guard SELECT 0 FROM jsonb_each(jsonb(?)) j LEFT JOIN executions x ON x.execution_id = j.value->>0
    WHERE coalesce(x.version, 0) <> j.value->>1 OR x.state <> j.value->>2 LIMIT 1;";

/// For each `[execution_id, version, commit_id]` that is in the log as a commit's first event: its index.
pub(super) const FIND_COMMITS: &str = "
SELECT j.key, e.position FROM jsonb_each(jsonb(?)) j
JOIN events e ON e.execution_id = j.value->>0 AND e.version = j.value->>1
WHERE e.commit_id = j.value->>2";

/// A row per execution; what an existing one takes over is `$set`.
macro_rules! executions {
    ($set:literal) => {
        concat!(
            "
INSERT INTO executions (execution_id, version, path, playbook_version, state, step, progress, created_at, ended_at,
    wake_at, error, owner, position)
SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8, value->>9,
    nullif(value->10, 'null'), value->>11, value->>12
FROM jsonb_each(jsonb(?)) WHERE true
ON CONFLICT (execution_id) DO UPDATE SET version = excluded.version, step = excluded.step,
    progress = excluded.progress, wake_at = excluded.wake_at, owner = coalesce(excluded.owner, owner),
    position = max(excluded.position, position)",
            $set,
            ";
INSERT INTO guard SELECT 0 WHERE changes() <> ?;"
        )
    };
}

const MOVED: &str = executions!("");

/// Apart from `MOVED`, because naming an indexed column in SET rewrites its index entries.
const CHANGED: &str = executions!(", state = excluded.state, ended_at = excluded.ended_at, error = excluded.error");

const DATA: &str = "
INSERT INTO execution_data (execution_id, input, result)
SELECT value->>0, nullif(value->1, 'null'), nullif(value->2, 'null') FROM jsonb_each(jsonb(?)) WHERE true
ON CONFLICT (execution_id) DO UPDATE SET input = coalesce(excluded.input, input),
    result = coalesce(excluded.result, result);";

const COUNTS: &str = "
INSERT INTO execution_counts (path, state, executions)
SELECT value->>0, value->>1, value->>2 FROM jsonb_each(jsonb(?)) WHERE true
ON CONFLICT (path, state) DO UPDATE SET executions = executions + excluded.executions;";

/// The position follows from the place in the array.
const EVENTS: &str = "
INSERT INTO events (position, id, time, type, execution_id, version, subject, correlation_id, causation_id,
    traceparent, commit_id, data)
SELECT ? + key, value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8,
    value->>9, value->10
FROM jsonb_each(jsonb(?));
INSERT INTO guard SELECT 0 WHERE changes() <> ?;";

const ADDS: &str = "
INSERT INTO tasks (key, protocol, due, claimed_by, task)
SELECT value->>0, value->>1, value->>2, value->>3, value->4 FROM jsonb_each(jsonb(?));";

/// `CROSS JOIN`: the tasks are looked up for the rows given, never the other way round.
const CLAIMS: &str = "
INSERT INTO tasks (key, protocol, due, claimed_by, task)
SELECT t.key, t.protocol, t.due, j.value->>1, t.task
FROM jsonb_each(jsonb(?)) j CROSS JOIN tasks t ON t.key = j.value->>0 WHERE true
ON CONFLICT (key) DO UPDATE SET claimed_by = excluded.claimed_by;";

const SETTLES: &str = "
DELETE FROM tasks WHERE key IN (SELECT value FROM jsonb_each(jsonb(?)));";

/// Texts of the writing script, by which statements it has: a group without tasks does not pay for them.
#[derive(Default)]
pub(super) struct Scripts {
    texts: HashMap<u16, Arc<str>>,
}

impl Scripts {
    /// The script for a plan, with its parameters. Takes the rows out of the plan. With `expected` (see
    /// [`expectations`](super::plan::expectations)) it opens the transaction itself; without, one is open.
    pub(super) fn write(
        &mut self,
        plan: &mut Plan,
        expected: Option<String>,
    ) -> Query<'static, Sqlite, SqliteArguments> {
        let parts = [
            (expected.is_some(), OPEN_AS_EXPECTED),
            (!plan.moved.is_empty(), MOVED),
            (!plan.changed.is_empty(), CHANGED),
            (!plan.data.is_empty(), DATA),
            (!plan.counts.is_empty(), COUNTS),
            (!plan.events.is_empty(), EVENTS),
            (!plan.adds.is_empty(), ADDS),
            (!plan.claims.is_empty(), CLAIMS),
            (!plan.settles.is_empty(), SETTLES),
        ];
        let shape = parts.iter().enumerate().fold(0, |shape, (bit, (wanted, _))| shape | u16::from(*wanted) << bit);
        let text = self.texts.entry(shape).or_insert_with(|| {
            let wanted = parts.iter().filter(|(wanted, _)| *wanted).map(|(_, text)| *text);
            wanted.chain(["\nCOMMIT"]).collect::<String>().into()
        });
        let mut query = sqlx::query(AssertSqlSafe(text.clone()));
        if let Some(expected) = expected {
            query = query.bind(plan.head.cast_signed()).bind(expected);
        }
        if !plan.moved.is_empty() {
            query = query.bind(closed(&mut plan.moved)).bind(plan.moved_count);
        }
        if !plan.changed.is_empty() {
            query = query.bind(closed(&mut plan.changed)).bind(plan.changed_count);
        }
        if !plan.data.is_empty() {
            query = query.bind(closed(&mut plan.data));
        }
        if !plan.counts.is_empty() {
            query = query.bind(closed(&mut plan.counts));
        }
        if !plan.events.is_empty() {
            let (first, count) = (plan.head.cast_signed() + 1, plan.event_count.cast_signed());
            query = query.bind(first).bind(closed(&mut plan.events)).bind(count);
        }
        for rows in [&mut plan.adds, &mut plan.claims, &mut plan.settles] {
            if !rows.is_empty() {
                query = query.bind(closed(rows));
            }
        }
        query
    }
}
