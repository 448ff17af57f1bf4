//! Executions: one, a page of the list, the newest by path, counts, and those to take up again.

use super::{events, json, number, parsed, position, time};
use crate::{
    ActiveExecution, ExecutionFilter, StoreError,
    sql::{
        connection::Connection,
        statement::{Statement, sql},
    },
    state,
};
use protocol::{
    ExecutionId, Position, Timestamp,
    api::{ExecutionDetail, ExecutionPage, ExecutionSummary, StatusCounts},
};

/// Rows in one page, at most.
const PAGE: u32 = 500;
/// One page is put together from the newest of each combination of path and state, found by an index each. With
/// more combinations than this, the list is read from its newest end instead.
const COMBINATIONS: usize = 100;

#[derive(sqlx::FromRow)]
pub(crate) struct Row {
    execution_id: String,
    path: String,
    playbook_version: i64,
    state: String,
    step: Option<String>,
    progress: f64,
    created_at: i64,
    ended_at: Option<i64>,
    error: Option<String>,
    position: i64,
}

impl Row {
    pub(crate) fn summary(self) -> Result<ExecutionSummary, StoreError> {
        let at = || format!("execution {}", self.execution_id);
        let (status, outcome) = state::parse(&self.state)?;
        Ok(ExecutionSummary {
            execution_id: parsed(&self.execution_id, at)?,
            version: Some(number(self.playbook_version, at)?),
            status,
            outcome,
            progress: self.progress,
            created_at: Timestamp(self.created_at),
            ended_at: time(self.ended_at),
            error: self.error.as_deref().map(|error| json(error, at)).transpose()?,
            position: position(self.position),
            path: self.path,
            step: self.step,
        })
    }
}

pub(crate) async fn find(
    connection: &mut Connection<'_>,
    id: ExecutionId,
) -> Result<Option<ExecutionDetail>, StoreError> {
    #[derive(sqlx::FromRow)]
    struct Whole {
        #[sqlx(flatten)]
        row: Row,
        input: Option<String>,
        result: Option<String>,
    }
    let whole: Option<Whole> =
        sql("SELECT x.execution_id, x.path, x.playbook_version, x.state, x.step, x.progress, x.created_at, x.ended_at,
            x.error, x.position, d.input, d.result
        FROM executions x LEFT JOIN execution_data d ON d.execution_id = x.execution_id
        WHERE x.execution_id = $1")
        .bind(id.to_string())
        .optional(connection)
        .await?;
    let Some(whole) = whole else { return Ok(None) };
    let value = |what: &str, text: Option<String>| {
        text.map(|text| json(&text, || format!("the {what} of execution {id}"))).transpose()
    };
    Ok(Some(ExecutionDetail {
        input: value("input", whole.input)?.unwrap_or_default(),
        result: value("result", whole.result)?,
        summary: whole.row.summary()?,
        lineage: None,
    }))
}

/// A page of the list; all statements on `connection` must see one snapshot.
pub(crate) async fn page(
    connection: &mut Connection<'_>,
    filter: &ExecutionFilter,
) -> Result<ExecutionPage, StoreError> {
    let head = events::head(connection).await?;
    let limit = filter.limit.clamp(1, PAGE);
    let text = match &filter.text {
        Some(text) => Some(Text::of(text, connection).await?),
        None => None,
    };
    let rows: Vec<Row> = match select(filter, text.as_ref(), limit) {
        Some(query) => query.all(connection).await?,
        None => Vec::new(),
    };
    let more = rows.len() > limit as usize;
    let executions: Vec<ExecutionSummary> =
        rows.into_iter().take(limit as usize).map(Row::summary).collect::<Result<_, _>>()?;
    let next = executions.last().filter(|_| more).map(|last| last.execution_id.to_string());
    Ok(ExecutionPage { executions, next, position: head })
}

/// What a text search means: SQLite folds only ASCII, so the few paths there are are compared here.
struct Text {
    paths: Vec<String>,
    /// Part of an id, in lower case, if the text could be one.
    id: Option<String>,
}

impl Text {
    async fn of(text: &str, connection: &mut Connection<'_>) -> Result<Self, StoreError> {
        let text = text.to_lowercase();
        let paths: Vec<(String,)> = sql("SELECT DISTINCT path FROM execution_counts").all(connection).await?;
        let paths = paths.into_iter().map(|(path,)| path).filter(|path| path.to_lowercase().contains(&text));
        let is_id = text.len() <= 36 && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
        Ok(Self { paths: paths.collect(), id: is_id.then_some(text) })
    }
}

/// The statement for one row more than `limit`; `None` when nothing can match.
fn select(filter: &ExecutionFilter, text: Option<&Text>, limit: u32) -> Option<Statement> {
    let mut states: Vec<&str> =
        filter.states.iter().filter_map(|(phase, outcome)| state::word(*phase, *outcome)).collect();
    states.sort_unstable();
    states.dedup();
    let paths: Option<Vec<&str>> = match (&filter.path, text) {
        (Some(path), _) => Some(vec![path]),
        (None, Some(Text { paths, id: None })) => Some(paths.iter().map(String::as_str).collect()),
        _ => None,
    };
    if (states.is_empty() && !filter.states.is_empty()) || paths.as_ref().is_some_and(Vec::is_empty) {
        return None;
    }
    let mut query = sql("");
    if states.is_empty() && paths.is_none() {
        push_part(&mut query, filter, text, &[], &[], limit);
        return Some(query);
    }
    if states.is_empty() {
        states = state::ALL.to_vec();
    }
    let paths = paths.unwrap_or_default();
    if states.len() * paths.len().max(1) > COMBINATIONS {
        push_part(&mut query, filter, text, &states, &paths, limit);
        return Some(query);
    }
    let mut before = "SELECT * FROM (SELECT * FROM (";
    for state in states.chunks(1) {
        for path in if paths.is_empty() { vec![&[][..]] } else { paths.chunks(1).collect() } {
            query.push(before);
            push_part(&mut query, filter, text, state, path, limit);
            before = ") AS part UNION ALL SELECT * FROM (";
        }
    }
    query.push(") AS part) AS parts ORDER BY execution_id DESC LIMIT ").push_bind(i64::from(limit) + 1);
    Some(query)
}

/// The newest that match, of these states and paths (all, where empty). One state or path is found by index;
/// several are a condition on rows read from the newest on, which `CAST` makes sure of.
fn push_part(
    query: &mut Statement,
    filter: &ExecutionFilter,
    text: Option<&Text>,
    states: &[&str],
    paths: &[&str],
    limit: u32,
) {
    query.push(
        "SELECT execution_id, path, playbook_version, state, step, progress, created_at, ended_at, error, position
        FROM executions WHERE true",
    );
    for (column, values) in [("state", states), ("path", paths)] {
        match values {
            [] => {}
            [one] => drop(query.push(format_args!(" AND {column} = ")).push_bind((*one).to_owned())),
            several => push_one_of(query, column, several),
        }
    }
    if let Some(text) = text {
        query.push(" AND (false");
        let paths: Vec<&str> = text.paths.iter().map(String::as_str).collect();
        query.push(" OR (true");
        push_one_of(query, "path", &paths);
        query.push(")");
        if let Some(id) = &text.id {
            query.push(" OR execution_id LIKE ").push_bind(format!("%{id}%"));
        }
        query.push(")");
    }
    if let Some(since) = filter.since {
        query.push(" AND created_at >= ").push_bind(since.0);
    }
    if let Some(until) = filter.until {
        query.push(" AND created_at < ").push_bind(until.0);
    }
    let lineage = [
        ("parent_id", filter.parent.map(|id| id.to_string())),
        ("rerun_of", filter.rerun_of.map(|id| id.to_string())),
        ("trigger_name", filter.trigger.clone()),
    ];
    for (column, value) in lineage {
        if let Some(value) = value {
            query.push(format_args!(" AND execution_id IN (SELECT l.execution_id FROM lineage l WHERE l.{column} = "));
            query.push_bind(value).push(")");
        }
    }
    if let Some(before) = filter.before {
        query.push(" AND execution_id < ").push_bind(before.to_string());
    }
    query.push(" ORDER BY execution_id DESC LIMIT ").push_bind(i64::from(limit) + 1);
}

fn push_one_of(query: &mut Statement, column: &str, values: &[&str]) {
    query
        .push(format_args!(" AND CAST({column} AS TEXT) IN (SELECT value FROM json_each("))
        .push_bind(values)
        .push("))");
}

/// The newest of each path that has one, in the order asked.
pub(crate) async fn latest(
    connection: &mut Connection<'_>,
    paths: &[String],
) -> Result<Vec<ExecutionSummary>, StoreError> {
    // A maximum per state, because the index has the state between path and id.
    let rows: Vec<Row> =
        sql("SELECT x.execution_id, x.path, x.playbook_version, x.state, x.step, x.progress, x.created_at, x.ended_at,
            x.error, x.position
        FROM json_each($1) asked CROSS JOIN executions x
        WHERE x.execution_id = (SELECT max(newest) FROM (SELECT
            (SELECT max(n.execution_id) FROM executions n WHERE n.path = asked.value AND n.state = s.value)
            AS newest FROM json_each($2) s) AS by_state)
        ORDER BY asked.key")
        .bind(paths)
        .bind(&state::ALL[..])
        .all(connection)
        .await?;
    rows.into_iter().map(Row::summary).collect()
}

/// Counts and the position they are true at; one statement, so of one snapshot.
pub(crate) async fn counts(connection: &mut Connection<'_>) -> Result<(StatusCounts, Position), StoreError> {
    let rows: Vec<(Option<String>, i64)> =
        sql("SELECT state, CAST(sum(executions) AS BIGINT) FROM execution_counts GROUP BY state
        UNION ALL SELECT NULL, coalesce(max(position), 0) FROM events")
        .all(connection)
        .await?;
    let (mut counts, mut head) = (StatusCounts::default(), Position(0));
    for (state, count) in rows {
        let Some(state) = state else {
            head = position(count);
            continue;
        };
        let count: u64 = number(count, || format!("the count of {state} executions"))?;
        match state.as_str() {
            "completed" => counts.completed += count,
            "failed" => counts.failed += count,
            "cancelled" => counts.cancelled += count,
            _ => counts.running += count,
        }
    }
    Ok((counts, head))
}

/// Those that have not ended, by id.
pub(crate) async fn active(
    connection: &mut Connection<'_>,
    after: Option<ExecutionId>,
    limit: u32,
) -> Result<Vec<ActiveExecution>, StoreError> {
    let rows: Vec<ActiveRow> =
        sql("SELECT * FROM (SELECT execution_id, path, playbook_version, version, state, wake_at, owner
            FROM executions WHERE state = 'initial' AND execution_id > $1 ORDER BY execution_id LIMIT $2) AS queued
        UNION ALL SELECT * FROM (SELECT execution_id, path, playbook_version, version, state, wake_at, owner
            FROM executions WHERE state = 'in_progress' AND execution_id > $1 ORDER BY execution_id LIMIT $2) AS moving
        ORDER BY execution_id LIMIT $2")
        .bind(after.map(|id| id.to_string()).unwrap_or_default())
        .bind(limit)
        .all(connection)
        .await?;
    rows.into_iter().map(ActiveRow::execution).collect()
}

#[derive(sqlx::FromRow)]
pub(crate) struct ActiveRow {
    execution_id: String,
    path: String,
    playbook_version: i64,
    version: i64,
    state: String,
    wake_at: Option<i64>,
    owner: Option<String>,
}

impl ActiveRow {
    pub(crate) fn execution(self) -> Result<ActiveExecution, StoreError> {
        let at = || format!("execution {}", self.execution_id);
        Ok(ActiveExecution {
            execution_id: parsed(&self.execution_id, at)?,
            playbook_version: number(self.playbook_version, at)?,
            version: number(self.version, at)?,
            phase: state::parse(&self.state)?.0,
            wake_at: time(self.wake_at),
            path: self.path,
            owner: self.owner,
        })
    }
}
