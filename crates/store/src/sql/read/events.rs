//! The log.

use super::{int, parsed, position};
use crate::{
    LogPage, StoreError, history,
    history::Source,
    retention,
    sql::{
        backend::Known,
        connection::Connection,
        recent::Answer,
        statement::{Statement, sql},
    },
};
use futures::TryStreamExt;
use protocol::{Envelope, Event, ExecutionId, Position, Timestamp, Topic};

/// Positions searched in one statement for a topic that is a filter over all executions, or over all agents.
const WINDOW: u64 = 20_000;
/// Windows searched for one page: at some 5 ms each, a page of a rare workflow takes a sixth of a second, and the
/// next page goes on where it stopped. An index would make every commit pay.
const WINDOWS: usize = 32;
/// Bytes of event data in one page; it ends early (with at least one event) when there are more. As values they take
/// some times as much.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

#[derive(sqlx::FromRow)]
pub(crate) struct EventRow {
    position: i64,
    id: String,
    time: i64,
    r#type: String,
    correlation_id: Option<String>,
    causation_id: Option<String>,
    traceparent: Option<String>,
    data: String,
}

impl EventRow {
    pub(crate) fn envelope(self) -> Result<Envelope, StoreError> {
        let at = || format!("event at position {}", self.position);
        Ok(Envelope {
            id: parsed(&self.id, || format!("{}: id", at()))?,
            position: Some(position(self.position)),
            time: Timestamp(self.time),
            event: Event::from_parts(&self.r#type, &self.data).map_err(|error| {
                StoreError::Corrupt(format!("{}: data of a `{}` event: {error}", at(), self.r#type))
            })?,
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            traceparent: self.traceparent,
        })
    }
}

/// Position of the newest event.
pub(crate) async fn head(connection: &mut Connection<'_>) -> Result<Position, StoreError> {
    let (head,): (i64,) = sql("SELECT coalesce(max(position), 0) FROM events").one(connection).await?;
    Ok(position(head))
}

/// The commits at the end of the log.
pub(crate) async fn newest_commits(connection: &mut Connection<'_>) -> Result<Known, StoreError> {
    let newest = sql("SELECT commit_id, position FROM events
        WHERE position > (SELECT coalesce(max(position), 0) FROM events) - 4096 AND commit_id IS NOT NULL");
    let rows: Vec<(String, i64)> = newest.all(connection).await?;
    let known = rows.into_iter().map(|(id, at)| {
        let id = parsed(&id, || format!("event at position {at}: commit id"))?;
        Ok((id, Answer { first: position(at), has_events: true }))
    });
    known.collect()
}

/// A page of a topic's history; all statements on `connection` must see one snapshot.
pub(crate) async fn log(
    connection: &mut Connection<'_>,
    topic: &Topic,
    after: Position,
    limit: u32,
) -> Result<LogPage, StoreError> {
    let head = head(connection).await?;
    let source = Source::of(topic);
    let complete_after = retention::complete_after(connection, &source).await?;
    let mut page = Page::of(limit);
    match &source {
        Source::Nothing => {}
        Source::Projected { .. } | Source::Executions | Source::Agents => {
            let mut from = after;
            for window in 1.. {
                let to = Position(from.0.saturating_add(WINDOW));
                match &source {
                    Source::Projected { path } => {
                        let query = projected(path.as_deref(), from, to, page.ask());
                        page.read(connection, query, history::projected).await?;
                    }
                    Source::Agents => page.read(connection, of_agents(connection, from, to, page.ask()), Some).await?,
                    _ => page.read(connection, of_executions(from, to, page.ask()), Some).await?,
                }
                if page.full || to >= head {
                    break;
                }
                if window == WINDOWS {
                    return Ok(page.ended(to, false, complete_after));
                }
                from = to;
            }
        }
        Source::Agent(id) => {
            let query = of_agent(connection, id, after, page.ask());
            page.read(connection, query, Some).await?;
        }
        source => page.read(connection, direct(source, after, page.ask()), Some).await?,
    }
    let last = page.events.last().and_then(|event| event.position);
    Ok(match last {
        Some(last) if page.full => page.ended(last, false, complete_after),
        _ => page.ended(head.max(after.min(head)), true, complete_after),
    })
}

/// One execution's events after a position: at most `limit`, fewer when they are large, none at the end.
pub(crate) async fn of_execution(
    connection: &mut Connection<'_>,
    id: ExecutionId,
    after: Position,
    limit: u32,
) -> Result<Vec<Envelope>, StoreError> {
    let mut page = Page::of(limit);
    let rows = direct(&Source::Execution(id), after, i64::from(limit));
    page.read(connection, rows, Some).await?;
    Ok(page.events)
}

/// The events of the commit whose first event is at `first`.
pub(crate) async fn of_commit(connection: &mut Connection<'_>, first: Position) -> Result<Vec<Envelope>, StoreError> {
    let rows: Vec<EventRow> =
        sql("SELECT position, id, time, type, correlation_id, causation_id, traceparent, data FROM events
        WHERE position >= $1 AND position < coalesce(
            (SELECT position FROM events WHERE position > $1 AND commit_id IS NOT NULL ORDER BY position LIMIT 1),
            9223372036854775807)
        ORDER BY position")
        .bind(int(first))
        .all(connection)
        .await?;
    rows.into_iter().map(EventRow::envelope).collect()
}

/// A page being filled.
struct Page {
    events: Vec<Envelope>,
    bytes: usize,
    limit: usize,
    /// There is more than fits.
    full: bool,
}

impl Page {
    fn of(limit: u32) -> Self {
        Self { events: Vec::new(), bytes: 0, limit: limit.max(1) as usize, full: false }
    }

    fn ended(self, through: Position, at_head: bool, complete_after: Position) -> LogPage {
        LogPage { events: self.events, bytes: self.bytes, through, at_head, complete_after }
    }

    /// How many rows to ask for: one more than fits tells whether there is more.
    fn ask(&self) -> i64 {
        i64::try_from(self.limit - self.events.len() + 1).unwrap_or(i64::MAX)
    }

    async fn read(
        &mut self,
        connection: &mut Connection<'_>,
        query: Statement,
        shown: impl Fn(Envelope) -> Option<Envelope>,
    ) -> Result<(), StoreError> {
        let mut rows = query.stream::<EventRow>(connection);
        while let Some(row) = rows.try_next().await? {
            let bytes = row.data.len();
            if self.events.len() == self.limit || (self.bytes + bytes > PAGE_BYTES && !self.events.is_empty()) {
                self.full = true;
                break;
            }
            if let Some(event) = shown(row.envelope()?) {
                self.bytes += bytes;
                self.events.push(event);
            }
        }
        Ok(())
    }
}

fn direct(source: &Source, after: Position, limit: i64) -> Statement {
    match source {
        // The first version to read is looked up: `after` is mostly this execution's own event, or near its end.
        Source::Execution(id) => {
            sql("SELECT position, id, time, type, correlation_id, causation_id, traceparent, data FROM events
            WHERE execution_id = $1 AND version > coalesce(
                (SELECT version FROM events WHERE position = $2 AND execution_id = $1),
                (SELECT version FROM events WHERE execution_id = $1 AND position <= $2 ORDER BY version DESC LIMIT 1),
                0)
            ORDER BY version LIMIT $3")
            .bind(id.to_string())
            .bind(int(after))
            .bind(limit)
        }
        Source::OfType(kind) => {
            sql("SELECT position, id, time, type, correlation_id, causation_id, traceparent, data FROM events
            WHERE execution_id IS NULL AND type = $1 AND position > $2 ORDER BY position LIMIT $3")
            .bind(*kind)
            .bind(int(after))
            .bind(limit)
        }
        Source::Everything
        | Source::Executions
        | Source::Agent(_)
        | Source::Agents
        | Source::Projected { .. }
        | Source::Nothing => {
            sql("SELECT position, id, time, type, correlation_id, causation_id, traceparent, data FROM events
            WHERE position > $1 ORDER BY position LIMIT $2")
            .bind(int(after))
            .bind(limit)
        }
    }
}

/// What tells of an agent, from the index of either way to name it.
fn of_agent(connection: &Connection<'_>, id: &str, after: Position, limit: i64) -> Statement {
    let mut query = sql("SELECT position, id, time, type, correlation_id, causation_id, traceparent, data FROM (
        SELECT * FROM (SELECT * FROM events
            WHERE execution_id IS NULL AND subject = $1 AND CAST(type AS TEXT) IN (SELECT value FROM json_each($2))
                AND position > $3
            ORDER BY position LIMIT $4) AS of_its_own
        UNION ALL SELECT * FROM (SELECT * FROM events
            WHERE execution_id IS NULL AND type = 'workflow_execution' AND ")
    .bind(id)
    .bind(history::OF_AGENTS)
    .bind(int(after))
    .bind(limit);
    query.push(connection.agent_of_workflow());
    query.push(
        " = $1 AND position > $3
            ORDER BY position LIMIT $4) AS of_workflows
        ) AS events ORDER BY position LIMIT $4",
    );
    query
}

/// What tells of any agent, `position > from` and `<= to`. Each type's events are a range of one index: all but few of
/// them name an agent.
fn of_agents(connection: &Connection<'_>, from: Position, to: Position, limit: i64) -> Statement {
    let mut query = sql("SELECT position, id, time, type, correlation_id, causation_id, traceparent, data FROM (")
        .bind(int(from))
        .bind(int(to))
        .bind(limit);
    for kind in history::OF_AGENTS {
        query.push("SELECT * FROM (SELECT * FROM events WHERE execution_id IS NULL AND type = '");
        query.push(kind);
        query.push(
            "' AND position > $1 AND position <= $2 AND subject IS NOT NULL
            ORDER BY position LIMIT $3) AS of_its_own UNION ALL ",
        );
    }
    query.push(
        "SELECT * FROM (SELECT * FROM events WHERE execution_id IS NULL AND type = 'workflow_execution'
            AND position > $1 AND position <= $2 AND ",
    );
    query.push(connection.agent_of_workflow());
    query.push(
        " IS NOT NULL ORDER BY position LIMIT $3) AS of_workflows
        ) AS events ORDER BY position LIMIT $3",
    );
    query
}

/// What is of any execution, `position > from` and `<= to`. Most of a log is.
fn of_executions(from: Position, to: Position, limit: i64) -> Statement {
    sql("SELECT position, id, time, type, correlation_id, causation_id, traceparent, data FROM events
        WHERE position > $1 AND position <= $2 AND execution_id IS NOT NULL ORDER BY position LIMIT $3")
    .bind(int(from))
    .bind(int(to))
    .bind(limit)
}

/// `position > from` and `<= to`, of the types that have a projection, of one path or all.
fn projected(path: Option<&str>, from: Position, to: Position, limit: i64) -> Statement {
    sql("SELECT position, id, time, type, correlation_id, causation_id, traceparent, data FROM events
        WHERE position > $1 AND position <= $2 AND CAST(type AS TEXT) IN (SELECT value FROM json_each($3))
            AND ($4 IS NULL OR CAST(subject AS TEXT) = $4)
        ORDER BY position LIMIT $5")
    .bind(int(from))
    .bind(int(to))
    .bind(history::projected_types())
    .bind(path.map(str::to_owned))
    .bind(limit)
}
