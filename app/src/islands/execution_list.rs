//! The list of executions. Rows change in place; new ones wait behind a button unless the list is at its top.

use crate::{
    components::{ExecutionTable, RowsOf},
    live::{follow, is_at_top, release_with, to_top, use_clock},
};
use leptos::{html::Div, prelude::*};
use protocol::{
    Envelope, Position, Timestamp, Topic,
    api::{ExecutionQuery, ExecutionSummary},
    event::{WorkflowExecution, WorkflowStatus},
    projection, status,
    view::{ExecutionRows, apply_to_row, row_of},
};
use std::collections::BTreeSet;

/// Rows kept when new ones come in at the top.
const MOST_ROWS: usize = 200;
/// Rows that may wait to be shown; more are counted as "200+", and the list is reloaded when asked for.
const MOST_WAITING: usize = 200;

/// `query`: the filters the rows were chosen by. Only a first page takes new rows in. One by where executions come
/// from, or of those that ended in some way, counts those that may belong to it, and is fetched anew when asked to:
/// events do not tell whence, nor what a row says that was not there.
#[island]
pub fn ExecutionList(rows: ExecutionRows, query: ExecutionQuery, is_one_playbook: bool) -> impl IntoView {
    let root = NodeRef::<Div>::new();
    release_with(root);
    let clock = use_clock();
    let rows_of = if is_one_playbook { RowsOf::OnePlaybook } else { RowsOf::Anything };
    let position = rows.position;
    let shown = RwSignal::new(rows);
    let waiting = RwSignal::new(Vec::<ExecutionSummary>::new());
    let perhaps = RwSignal::new(0);
    let mut undecided = BTreeSet::new();
    let did = did(&query);
    follow(Topic::WorkflowExecutions, position, move |events| {
        let Some(mut new) = waiting.try_get_untracked() else { return };
        shown.update(|shown| {
            for event in events {
                shown.apply(event);
                bring_forward(&mut new, event);
                let Some((row, belongs)) = joined(event, &query, position) else { continue };
                if shown.rows.iter().chain(&new).any(|known| known.execution_id == row.execution_id) {
                    continue;
                }
                match belongs {
                    Belongs::Yes => {
                        new.insert(0, row);
                        new.truncate(MOST_WAITING);
                    }
                    Belongs::Perhaps if undecided.len() < MOST_WAITING => drop(undecided.insert(row.execution_id)),
                    Belongs::Perhaps | Belongs::No => {}
                }
            }
            if is_at_top() {
                take_in(shown, &mut new);
            }
        });
        if waiting.with_untracked(|waiting| *waiting != new) {
            waiting.set(new);
        }
        if perhaps.get_untracked() != undecided.len() {
            perhaps.set(undecided.len());
        }
    });
    let show_new = move |_| {
        let mut new = waiting.get_untracked();
        shown.update(|shown| take_in(shown, &mut new));
        waiting.set(new);
        to_top();
    };
    let table = Memo::new(move |_| shown.with(|shown| shown.rows.clone()));
    let count = Memo::new(move |_| waiting.with(Vec::len));
    view! {
        <div node_ref=root data-topic=Topic::WorkflowExecutions.to_string() data-after=position.to_string()>
            <p class="new-rows" role="status">
                <button type="button" class="button" hidden=move || count.get() == 0 on:click=show_new>
                    {move || format!("{} new", many(count.get()))}
                </button>
                // This very page, anew.
                <a class="button" href="" hidden=move || perhaps.get() == 0>
                    {move || format!("{} {did} since: look again", many(perhaps.get()))}
                </a>
            </p>
            <ExecutionTable rows=table clock caption="Executions, newest first" rows_of />
        </div>
    }
}

fn many(count: usize) -> String {
    format!("{count}{}", if count == MOST_WAITING { "+" } else { "" })
}

fn take_in(shown: &mut ExecutionRows, new: &mut Vec<ExecutionSummary>) {
    if !new.is_empty() {
        shown.rows.splice(0..0, new.drain(..));
        shown.rows.truncate(MOST_ROWS);
    }
}

fn bring_forward(waiting: &mut [ExecutionSummary], envelope: &Envelope) {
    if let (Some((event, id)), Some(position)) = (projection::of_execution(envelope), envelope.position)
        && let Some(row) = waiting.iter_mut().find(|row| row.execution_id == id)
    {
        apply_to_row(row, event, position);
    }
}

/// Whether an execution that has just started, or ended, belongs into a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Belongs {
    Yes,
    No,
    Perhaps,
}

/// The row of an execution that this event starts or ends.
fn joined(envelope: &Envelope, query: &ExecutionQuery, after: Position) -> Option<(ExecutionSummary, Belongs)> {
    let position = envelope.position.filter(|position| *position > after)?;
    let (event, id) = projection::of_execution(envelope)?;
    let row = row_of(event, id, position);
    let belongs = belongs(event, row.created_at, query);
    (event.status != WorkflowStatus::Running).then_some((row, belongs))
}

/// The filters, as far as they say anything about an execution that has just started or ended.
fn belongs(event: &WorkflowExecution, started: Timestamp, query: &ExecutionQuery) -> Belongs {
    let is_start = event.status == WorkflowStatus::Pending;
    let word = status::of_s1(event.status).word();
    let has_text = |text: &String| {
        let text = text.to_lowercase();
        event.workflow_id.to_lowercase().contains(&text) || event.execution_id.contains(&text)
    };
    let has_status = match statuses(query) {
        None => is_start,
        Some(_) if is_start => names(query, word) || names(query, "running"),
        // One that was running was in a list of running ones before: what is not in this page is on a later one.
        Some(_) => names(query, word) && !names(query, "running"),
    };
    let may = has_status
        && query.cursor.is_none()
        && query.since.is_none_or(|since| started.0 >= since)
        && query.until.is_none_or(|until| started.0 < until)
        && query.path.as_ref().filter(|path| !path.is_empty()).is_none_or(|path| *path == event.workflow_id)
        && query.q.as_ref().filter(|text| !text.is_empty()).is_none_or(has_text);
    let asks_whence = query.parent.is_some() || query.rerun_of.is_some() || query.trigger.is_some();
    match (may, asks_whence || !is_start) {
        (false, _) => Belongs::No,
        (true, false) => Belongs::Yes,
        (true, true) => Belongs::Perhaps,
    }
}

/// By what executions come into the list.
fn did(query: &ExecutionQuery) -> &'static str {
    let is_mixed = names(query, "queued") && !names(query, "running") && statuses(query) != Some("queued");
    if is_mixed {
        "changed"
    } else if awaits_ends(query) {
        "ended"
    } else {
        "started"
    }
}

/// What comes into the list does so by ending.
fn awaits_ends(query: &ExecutionQuery) -> bool {
    statuses(query).is_some() && !names(query, "queued") && !names(query, "running")
}

fn statuses(query: &ExecutionQuery) -> Option<&str> {
    query.status.as_deref().filter(|list| !list.is_empty())
}

fn names(query: &ExecutionQuery, word: &str) -> bool {
    statuses(query).is_some_and(|list| list.split(',').any(|status| status.trim() == word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> WorkflowExecution {
        WorkflowExecution {
            workflow_id: "examples/log_triage".into(),
            execution_id: "01998c4e-9c1b-7d2e-8a10-0123456789ab".into(),
            stage: "log_triage".into(),
            status: WorkflowStatus::Pending,
            progress: None,
            agent_id: None,
            result: None,
            error: None,
            timestamp: Timestamp(5_000),
        }
    }

    #[test]
    fn new_executions_join_only_lists_they_belong_to() {
        let some = |text: &str| Some(text.to_owned());
        for (query, expect) in [
            (ExecutionQuery::default(), Belongs::Yes),
            (ExecutionQuery { q: some("TRIAGE"), ..Default::default() }, Belongs::Yes),
            (ExecutionQuery { q: some("6789ab"), ..Default::default() }, Belongs::Yes),
            (ExecutionQuery { q: some("hello"), ..Default::default() }, Belongs::No),
            (ExecutionQuery { path: some("examples/log_triage"), ..Default::default() }, Belongs::Yes),
            (ExecutionQuery { path: some("examples"), ..Default::default() }, Belongs::No),
            (ExecutionQuery { status: some("running,failed"), ..Default::default() }, Belongs::Yes),
            (ExecutionQuery { status: some("queued"), ..Default::default() }, Belongs::Yes),
            (ExecutionQuery { status: some("failed"), ..Default::default() }, Belongs::No),
            (ExecutionQuery { until: Some(4_000), ..Default::default() }, Belongs::No),
            (ExecutionQuery { until: Some(5_000), ..Default::default() }, Belongs::No),
            (ExecutionQuery { since: Some(5_000), until: Some(5_001), ..Default::default() }, Belongs::Yes),
            (ExecutionQuery { since: Some(5_001), ..Default::default() }, Belongs::No),
            (ExecutionQuery { trigger: some("nightly"), ..Default::default() }, Belongs::Perhaps),
            (ExecutionQuery { rerun_of: event().execution_id.parse().ok(), ..Default::default() }, Belongs::Perhaps),
            (
                ExecutionQuery { parent: event().execution_id.parse().ok(), q: some("hello"), ..Default::default() },
                Belongs::No,
            ),
            (ExecutionQuery { cursor: some("x"), trigger: some("nightly"), ..Default::default() }, Belongs::No),
            (ExecutionQuery { cursor: some("x"), ..Default::default() }, Belongs::No),
        ] {
            assert_eq!(belongs(&event(), Timestamp(5_000), &query), expect, "{query:?}");
        }
    }

    #[test]
    fn executions_that_end_are_looked_for_by_lists_of_ended_ones_only() {
        let of = |list: &str| ExecutionQuery { status: Some(list.to_owned()), ..Default::default() };
        let failed = WorkflowExecution { status: WorkflowStatus::Failed, timestamp: Timestamp(9_000), ..event() };
        for (query, expect) in [
            (ExecutionQuery::default(), Belongs::No),
            (of("failed"), Belongs::Perhaps),
            (of("cancelled, failed"), Belongs::Perhaps),
            (of("queued,failed"), Belongs::Perhaps),
            (of("running,failed"), Belongs::No),
            (of("completed"), Belongs::No),
            (ExecutionQuery { trigger: Some("nightly".to_owned()), ..of("failed") }, Belongs::Perhaps),
            (ExecutionQuery { trigger: Some("nightly".to_owned()), ..Default::default() }, Belongs::No),
            (ExecutionQuery { path: Some("examples".to_owned()), ..of("failed") }, Belongs::No),
            (ExecutionQuery { q: Some("triage".to_owned()), ..of("failed") }, Belongs::Perhaps),
            (ExecutionQuery { cursor: Some("x".to_owned()), ..of("failed") }, Belongs::No),
            // When it started counts.
            (ExecutionQuery { until: Some(6_000), ..of("failed") }, Belongs::Perhaps),
            (ExecutionQuery { since: Some(6_000), ..of("failed") }, Belongs::No),
        ] {
            assert_eq!(belongs(&failed, Timestamp(5_000), &query), expect, "{query:?}");
        }
        for (list, expect) in [("failed", true), ("completed,cancelled", true), ("queued,failed", false), ("", false)] {
            assert_eq!(awaits_ends(&of(list)), expect, "{list}");
        }
        for (list, expect) in
            [("failed", "ended"), ("queued,failed", "changed"), ("queued", "started"), ("running,failed", "started")]
        {
            assert_eq!(did(&of(list)), expect, "{list}");
        }
    }
}
