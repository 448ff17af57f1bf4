//! Rows of tables.

use super::{duration, status};
use protocol::{
    Envelope, Timestamp,
    api::{
        CredentialSummary, ExecutionSummary, ScheduleDetail, TokenSummary, UserSummary, WaitingApproval, WorkerSummary,
    },
    status::of_execution,
    view::summary,
};

/// Position, time of day (UTC), type, step, and a few words.
pub(in crate::cli) fn event(envelope: &Envelope) -> String {
    let position = envelope.position.map(|position| position.to_string()).unwrap_or_default();
    let step = envelope.event.step().unwrap_or_default();
    let row = format!(
        "{position:>8}  {}  {:<20}  {step:<20}  {}",
        time_of_day(envelope.time),
        envelope.event.name(),
        one_line(&summary(&envelope.event)),
    );
    row.trim_end().to_owned()
}

/// Id, status, start, duration, playbook.
pub(in crate::cli) fn execution(row: &ExecutionSummary) -> String {
    let took = row.ended_at.map(|ended| duration::words(ended.ms_since(row.created_at))).unwrap_or_default();
    let version = row.version.map(|version| format!(" version {version}")).unwrap_or_default();
    format!(
        "{}  {}  {}  {took:>9}  {}{version}",
        row.execution_id,
        status::words(of_execution(row.status, row.outcome)),
        &row.created_at.to_rfc3339()[..19],
        row.path,
    )
}

/// Id, since when, until when, step, playbook, what is asked.
pub(in crate::cli) fn approval(row: &WaitingApproval) -> String {
    let due = row.due.map_or_else(|| "-".to_owned(), |due| due.to_rfc3339()[..19].to_owned());
    let requested = &row.requested_at.to_rfc3339()[..19];
    format!("{}  {requested}  {due:<19}  {}  {}  {}", row.execution_id, row.step, row.path, one_line(&row.message))
}

/// Name, what it does, when next, playbook.
pub(in crate::cli) fn schedule(row: &ScheduleDetail) -> String {
    let next = match row.next_at {
        _ if row.paused => "paused".to_owned(),
        Some(next) => next.to_rfc3339()[..19].to_owned(),
        None => "never".to_owned(),
    };
    format!("{}  {next:<19}  {} ({})  {}", row.name, row.cron, row.timezone, row.path)
}

/// Name, type, when it was set last, note; and when it cannot be opened, that.
pub(in crate::cli) fn credential(row: &CredentialSummary) -> String {
    let hint = row.hint.as_deref().unwrap_or_default();
    let trouble = if row.has_key { String::new() } else { format!("  (key {} is missing)", row.key_id) };
    let row = format!("{:<24}  {:<10}  {}  {hint}", row.name, row.kind, &row.updated_at.to_rfc3339()[..19]);
    format!("{}{trouble}", row.trim_end())
}

/// Name, role, since when.
pub(in crate::cli) fn user(row: &UserSummary) -> String {
    format!("{:<24}  {:<9}  {}", row.name, row.role.word(), &row.created_at.to_rfc3339()[..19])
}

/// Name, role, its beginning, last use, end, protocols.
pub(in crate::cli) fn token(row: &TokenSummary) -> String {
    let time = |time: Option<Timestamp>, never: &str| {
        time.map_or_else(|| never.to_owned(), |time| time.to_rfc3339()[..16].to_owned())
    };
    let protocols = row.protocols.as_ref().map(|list| format!("  {}", list.join(","))).unwrap_or_default();
    let (used, until) = (time(row.used_at, "never used"), time(row.expires_at, "no end"));
    format!("{:<24}  {:<9}  {}…  {used:<16}  {until:<16}{protocols}", row.name, row.role.word(), row.prefix)
        .trim_end()
        .to_owned()
}

/// Name, tasks of places, since when, types.
pub(in crate::cli) fn worker(row: &WorkerSummary) -> String {
    let draining = if row.draining { ", leaving" } else { "" };
    format!(
        "{}  {}/{} running{draining}  {}  {}",
        one_line(&row.worker),
        row.running,
        row.concurrency,
        &row.connected_at.to_rfc3339()[..19],
        row.protocols.join(","),
    )
}

/// `07:48:19.123`
fn time_of_day(time: Timestamp) -> String {
    time.to_rfc3339()[11..23].to_owned()
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
