//! The list of executions. Rows change in place; new ones wait behind a button unless the list is at its top.

use crate::{
    components::{ExecutionTable, RowsOf},
    live::{follow, is_at_top, release_with, to_top, use_clock},
};
use leptos::{html::Div, prelude::*};
use protocol::{
    Envelope, Position, Topic,
    api::{ExecutionQuery, ExecutionSummary},
    event::{WorkflowExecution, WorkflowStatus},
    projection, status,
    view::{ExecutionRows, apply_to_row, row_of},
};

/// Rows kept when new ones come in at the top.
const MOST_ROWS: usize = 200;
/// Rows that may wait to be shown; more are counted as "200+", and the list is reloaded when asked for.
const MOST_WAITING: usize = 200;

/// `query`: the filters the rows were chosen by. Only a first page takes new rows in.
#[island]
pub fn ExecutionList(rows: ExecutionRows, query: ExecutionQuery, is_one_playbook: bool) -> impl IntoView {
    let root = NodeRef::<Div>::new();
    release_with(root);
    let clock = use_clock();
    let rows_of = if is_one_playbook { RowsOf::OnePlaybook } else { RowsOf::Anything };
    let position = rows.position;
    let shown = RwSignal::new(rows);
    let waiting = RwSignal::new(Vec::<ExecutionSummary>::new());
    follow(Topic::WorkflowExecutions, position, move |events| {
        let Some(mut new) = waiting.try_get_untracked() else { return };
        shown.update(|shown| {
            for event in events {
                shown.apply(event);
                bring_forward(&mut new, event);
                if let Some(row) = started(event, &query, position)
                    && !shown.rows.iter().chain(&new).any(|known| known.execution_id == row.execution_id)
                {
                    new.insert(0, row);
                    new.truncate(MOST_WAITING);
                }
            }
            if is_at_top() {
                take_in(shown, &mut new);
            }
        });
        if waiting.with_untracked(|waiting| *waiting != new) {
            waiting.set(new);
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
                    {move || format!("{}{} new", count.get(), if count.get() == MOST_WAITING { "+" } else { "" })}
                </button>
            </p>
            <ExecutionTable rows=table clock caption="Executions, newest first" rows_of />
        </div>
    }
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

/// The row of an execution that this event starts, if it belongs into the list.
fn started(envelope: &Envelope, query: &ExecutionQuery, after: Position) -> Option<ExecutionSummary> {
    let position = envelope.position.filter(|position| *position > after)?;
    let (event, id) = projection::of_execution(envelope)?;
    if event.status != WorkflowStatus::Pending || !belongs(event, query) {
        return None;
    }
    Some(row_of(event, id, position))
}

/// The filters, as far as they say anything about an execution that has just started.
fn belongs(event: &WorkflowExecution, query: &ExecutionQuery) -> bool {
    let word = status::of_s1(event.status).word();
    let has_status = |list: &String| list.split(',').any(|status| status.trim() == word || status.trim() == "running");
    let has_text = |text: &String| {
        let text = text.to_lowercase();
        event.workflow_id.to_lowercase().contains(&text) || event.execution_id.contains(&text)
    };
    query.cursor.is_none()
        && query.until.is_none_or(|until| event.timestamp.0 < until)
        && query.status.as_ref().filter(|list| !list.is_empty()).is_none_or(has_status)
        && query.path.as_ref().filter(|path| !path.is_empty()).is_none_or(|path| *path == event.workflow_id)
        && query.q.as_ref().filter(|text| !text.is_empty()).is_none_or(has_text)
        // Events do not tell where an execution comes from.
        && query.parent.is_none()
        && query.rerun_of.is_none()
        && query.trigger.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Timestamp;

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
            (ExecutionQuery::default(), true),
            (ExecutionQuery { q: some("TRIAGE"), ..Default::default() }, true),
            (ExecutionQuery { q: some("6789ab"), ..Default::default() }, true),
            (ExecutionQuery { q: some("hello"), ..Default::default() }, false),
            (ExecutionQuery { path: some("examples/log_triage"), ..Default::default() }, true),
            (ExecutionQuery { path: some("examples"), ..Default::default() }, false),
            (ExecutionQuery { status: some("running,failed"), ..Default::default() }, true),
            (ExecutionQuery { status: some("queued"), ..Default::default() }, true),
            (ExecutionQuery { status: some("failed"), ..Default::default() }, false),
            (ExecutionQuery { until: Some(4_000), ..Default::default() }, false),
            (ExecutionQuery { cursor: some("x"), ..Default::default() }, false),
        ] {
            assert_eq!(belongs(&event(), &query), expect, "{query:?}");
        }
    }
}
