//! The statements of a group commit. They block: the writer has a thread of its own.
//!
//! Rows are bound one by one to prepared statements, events several at a time.

use super::plan::{Entry, Found, Moved, Plan};
use crate::sql::{
    backend::Failed,
    encode::{Change, EventRow},
};
use protocol::ExecutionId;
use rusqlite::{
    Connection, OptionalExtension, ToSql, params,
    types::{ToSqlOutput, ValueRef},
};
use std::{collections::HashMap, fmt::Write};
use uuid::Uuid;

/// Statements kept prepared: all that are here.
pub(super) const STATEMENTS: usize = 24;

/// Rows of events in one statement: the largest first, until all are in.
const EVENT_ROWS: [usize; 3] = [16, 4, 1];
const EVENT_COLUMNS: usize = 12;
/// `OR FAIL`: what a failing statement has done is undone with the transaction, so SQLite need not be able to undo the
/// statement alone, for which it copies every page it touches.
const EVENTS: &str =
    "INSERT OR FAIL INTO events (position, id, time, type, execution_id, version, subject, correlation_id,
    causation_id, traceparent, commit_id, data) VALUES ";

const NEW: &str = "INSERT INTO executions (execution_id, version, path, playbook_version, state, step, progress,
    created_at, ended_at, wake_at, error, owner, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
/// Of an execution that is as it is taken to be; else no row.
const MOVED: &str = "UPDATE executions SET version = ?4, step = ?5, progress = ?6, wake_at = ?7,
    owner = coalesce(?8, owner), position = max(?9, position)
    WHERE execution_id = ?1 AND version = ?2 AND state = ?3";
const MOVED_VALUES: usize = 9;
/// With all its values; apart from `MOVED`, because naming an indexed column in SET rewrites its index entries.
const CHANGED: &str = "UPDATE executions SET version = ?4, step = ?5, progress = ?6, wake_at = ?7,
    owner = coalesce(?8, owner), position = max(?9, position), state = ?10, ended_at = ?11, error = ?12
    WHERE execution_id = ?1 AND version = ?2 AND state = ?3";
// No upserts: before one, SQLite makes itself able to undo the statement alone.
const DATA: &str = "UPDATE execution_data SET input = coalesce(?2, input), result = coalesce(?3, result)
    WHERE execution_id = ?1";
const NEW_DATA: &str = "INSERT INTO execution_data (execution_id, input, result) VALUES (?, ?, ?)";
const COUNTS: &str = "UPDATE execution_counts SET executions = executions + ?3 WHERE path = ?1 AND state = ?2";
const NEW_COUNTS: &str = "INSERT INTO execution_counts (path, state, executions) VALUES (?, ?, ?)";
const ADD: &str = "INSERT INTO tasks (key, protocol, due, claimed_by, task) VALUES (?, ?, ?, ?, ?)";
const CLAIM: &str = "UPDATE tasks SET claimed_by = ? WHERE key = ?";
const SETTLE: &str = "DELETE FROM tasks WHERE key = ?";

/// Why a plan was not written.
#[derive(Debug)]
pub(super) enum Unwritten {
    /// An execution is not as it was taken to be.
    Surprise,
    Failed(Failed),
}

impl From<rusqlite::Error> for Unwritten {
    fn from(error: rusqlite::Error) -> Self {
        Unwritten::Failed(error.into())
    }
}

/// Opens the group's transaction; returns the newest position.
pub(super) fn begin(db: &Connection) -> rusqlite::Result<u64> {
    db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let head: Option<i64> = db.prepare_cached("SELECT max(position) FROM events")?.query_row([], |row| row.get(0))?;
    Ok(head.unwrap_or_default().cast_unsigned())
}

pub(super) fn commit(db: &Connection) -> rusqlite::Result<()> {
    db.prepare_cached("COMMIT")?.execute([]).map(drop)
}

/// The executions that are not as expected.
pub(super) fn surprises(db: &Connection, expected: &[&Change]) -> rusqlite::Result<HashMap<ExecutionId, Found>> {
    let mut look = db.prepare_cached("SELECT version, state FROM executions WHERE execution_id = ?")?;
    let mut surprises = HashMap::new();
    for change in expected {
        let row = look.query_row([Text::of(change.execution_id.0)], |row| {
            let (version, state) = (row.get::<_, i64>(0)?.cast_unsigned(), row.get_ref(1)?.as_str()?);
            let is_expected = version == change.expected && state == change.before;
            Ok((!is_expected).then(|| Found { version, state: Some(state.to_owned()) }))
        });
        let new = (change.expected > 0).then_some(Found { version: 0, state: None });
        if let Some(found) = row.optional()?.unwrap_or(new) {
            surprises.insert(change.execution_id, found);
        }
    }
    Ok(surprises)
}

/// Writes what is planned into the open transaction.
pub(super) fn write(db: &Connection, plan: &Plan<'_>) -> Result<(), Unwritten> {
    for moved in &plan.executions {
        execution(db, moved)?;
    }
    for (path, state, difference) in &plan.counts {
        upsert(db, COUNTS, NEW_COUNTS, params![&**path, state, difference])?;
    }
    events(db, plan)?;
    tasks(db, &plan.applied)?;
    Ok(())
}

/// Changes the row, or makes it.
fn upsert(db: &Connection, change: &str, make: &str, values: &[&dyn ToSql]) -> rusqlite::Result<()> {
    if db.prepare_cached(change)?.execute(values)? == 0 {
        db.prepare_cached(make)?.execute(values)?;
    }
    Ok(())
}

fn execution(db: &Connection, moved: &Moved<'_>) -> Result<(), Unwritten> {
    let Moved { entry, change, before, changes, position } = moved;
    let Some(row) = &entry.rows.execution else { return Ok(()) };
    let (id, version, position) = (Text::of(change.execution_id.0), row.version.cast_signed(), position.cast_signed());
    let (wake_at, ended_at) = (row.wake_at.map(|at| at.0), row.ended_at.map(|at| at.0));
    let Some(before) = before else {
        db.prepare_cached(NEW)?.execute(params![
            id,
            version,
            &*change.path,
            row.playbook_version,
            change.state,
            row.step,
            row.progress,
            row.created_at.0,
            ended_at,
            wake_at,
            row.error,
            row.owner,
            position,
        ])?;
        return Ok(());
    };
    let was = before.version.cast_signed();
    let values: [&dyn ToSql; 12] = [
        &id,
        &was,
        &before.state,
        &version,
        &row.step,
        &row.progress,
        &wake_at,
        &row.owner,
        &position,
        &change.state,
        &ended_at,
        &row.error,
    ];
    let (text, values) = if *changes { (CHANGED, &values[..]) } else { (MOVED, &values[..MOVED_VALUES]) };
    let rows = db.prepare_cached(text)?.execute(values)?;
    if rows == 1 { Ok(()) } else { Err(Unwritten::Surprise) }
}

fn events(db: &Connection, plan: &Plan<'_>) -> rusqlite::Result<()> {
    let mut rows = Vec::with_capacity(usize::try_from(plan.event_count).unwrap_or_default());
    for entry in &plan.applied {
        for (index, (envelope, data)) in entry.envelopes.iter().zip(&entry.rows.events).enumerate() {
            rows.push((EventRow::of(entry.id, entry.change.as_ref(), index, envelope), data.as_str()));
        }
    }
    let mut position = plan.head.cast_signed();
    let mut rows = rows.as_slice();
    for size in EVENT_ROWS {
        if rows.len() < size {
            continue;
        }
        let mut insert = db.prepare_cached(&inserting(size))?;
        while let Some((some, others)) = rows.split_at_checked(size) {
            let mut parameter = 0;
            for (row, data) in some {
                position += 1;
                event(position, row, data, |value| {
                    parameter += 1;
                    insert.raw_bind_parameter(parameter, value)
                })?;
            }
            insert.raw_execute()?;
            rows = others;
        }
    }
    Ok(())
}

fn inserting(rows: usize) -> String {
    let mut text = String::with_capacity(EVENTS.len() + rows * 48);
    text.push_str(EVENTS);
    for row in 0..rows {
        let _ = write!(text, "{}(?{})", if row == 0 { "" } else { ", " }, ", ?".repeat(EVENT_COLUMNS - 1));
    }
    text
}

/// Binds the columns of one event.
fn event(
    position: i64,
    row: &EventRow<'_>,
    data: &str,
    mut bind: impl FnMut(&dyn ToSql) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    bind(&position)?;
    bind(&Text::of(row.id.0))?;
    bind(&row.time.0)?;
    bind(&row.name)?;
    bind(&row.execution_id.map(|id| Text::of(id.0)))?;
    bind(&row.version.map(u64::cast_signed))?;
    bind(&row.subject)?;
    bind(&row.correlation_id)?;
    bind(&row.causation_id)?;
    bind(&row.traceparent)?;
    bind(&row.commit_id.map(|id| Text::of(id.0)))?;
    bind(&data)
}

fn tasks(db: &Connection, applied: &[&Entry]) -> rusqlite::Result<()> {
    let mut add = db.prepare_cached(ADD)?;
    for entry in applied {
        if let (Some(change), Some(row)) = (&entry.change, &entry.rows.data) {
            upsert(db, DATA, NEW_DATA, params![Text::of(change.execution_id.0), row.input, row.result])?;
        }
        for row in &entry.rows.adds {
            add.execute(params![row.key, row.protocol, row.due.0, row.claimed_by, row.task])?;
        }
    }
    let (mut claim, mut settle) = (db.prepare_cached(CLAIM)?, db.prepare_cached(SETTLE)?);
    for entry in applied {
        for row in &entry.rows.claims {
            claim.execute(params![row.worker, row.key])?;
        }
    }
    for key in applied.iter().flat_map(|entry| &entry.rows.settles) {
        settle.execute([key])?;
    }
    Ok(())
}

/// An id as the tables hold it, without an allocation.
struct Text([u8; 36]);

impl Text {
    fn of(id: Uuid) -> Self {
        let mut text = [0; 36];
        id.hyphenated().encode_lower(&mut text);
        Self(text)
    }
}

impl ToSql for Text {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(&self.0)))
    }
}
