//! Executions as rows that change in place.

use super::{CopyId, Elapsed, Status, When};
use crate::{format::short_id, href, live::Clock};
use leptos::prelude::*;
use protocol::{ExecutionId, StepStatus, api::ExecutionSummary, status};

/// What the rows have in common, and therefore need not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RowsOf {
    #[default]
    Anything,
    /// Says why each failed instead of where it is.
    Failures,
    /// Names the execution, not the playbook.
    OnePlaybook,
}

/// `rows` in the order they are shown. A row that changes fades its background once.
#[component]
pub(crate) fn ExecutionTable(
    #[prop(into)] rows: Signal<Vec<ExecutionSummary>>,
    clock: Clock,
    /// What the table shows, for those who cannot see its place.
    caption: &'static str,
    #[prop(optional)] rows_of: RowsOf,
) -> impl IntoView {
    let ids = Memo::new(move |_| rows.with(|rows| rows.iter().map(|row| row.execution_id).collect::<Vec<_>>()));
    let (is_failures, is_one) = (rows_of == RowsOf::Failures, rows_of == RowsOf::OnePlaybook);
    // Rows that come later are new to the reader; those of the page are not.
    let (is_settled, set_settled) = signal(false);
    Effect::new(move || set_settled.set(true));
    view! {
        <table class="table execution-table" data-one=is_one.then_some("")>
            <caption class="visually-hidden">{caption}</caption>
            <thead>
                <tr>
                    <th scope="col">"Status"</th>
                    <th scope="col">{if is_one { "Execution" } else { "Playbook" }}</th>
                    <th scope="col" class="wide">
                        {if is_failures { "Why" } else { "Step" }}
                    </th>
                    <th scope="col" class="end">"Took"</th>
                    <th scope="col" class="end">{if is_failures { "Failed" } else { "Started" }}</th>
                    {(!is_one).then(|| view! { <th scope="col" class="end">"Id"</th> })}
                </tr>
            </thead>
            <tbody>
                <For each=move || ids.get() key=|id| *id let(id)>
                    <Row id rows clock rows_of is_new=is_settled.get_untracked() />
                </For>
            </tbody>
        </table>
    }
}

#[component]
fn Row(
    id: ExecutionId,
    rows: Signal<Vec<ExecutionSummary>>,
    clock: Clock,
    rows_of: RowsOf,
    is_new: bool,
) -> impl IntoView {
    let (is_failures, is_one) = (rows_of == RowsOf::Failures, rows_of == RowsOf::OnePlaybook);
    let row = Memo::new(move |known: Option<&Option<ExecutionSummary>>| {
        let found = rows.with(|rows| rows.iter().find(|row| row.execution_id == id).cloned());
        found.or_else(|| known.cloned().flatten())
    });
    let with = move |f: fn(&ExecutionSummary) -> Option<String>| row.with(|row| row.as_ref().and_then(f));
    let status = Memo::new(move |_| {
        row.with(|row| row.as_ref().map(|row| status::of_execution(row.status, row.outcome))).unwrap_or_default()
    });
    let name = if is_one {
        short_id(id)
    } else {
        row.with_untracked(|row| row.as_ref().map(|row| row.path.clone())).unwrap_or_default()
    };
    let started = Signal::derive(move || row.with(|row| row.as_ref().map(|row| row.created_at)).unwrap_or_default());
    let ended = Signal::derive(move || row.with(|row| row.as_ref().and_then(|row| row.ended_at)));
    let shown_at =
        Signal::derive(move || if is_failures { ended.get().unwrap_or_else(|| started.get()) } else { started.get() });
    let detail = move || match status.get() {
        StepStatus::Failed => with(|row| row.error.as_ref().map(|error| error.message.clone())),
        StepStatus::Running | StepStatus::Waiting => with(|row| row.step.clone()),
        _ => None,
    };
    let progress = move || {
        let is_moving = matches!(status.get(), StepStatus::Running | StepStatus::Queued);
        is_moving.then(|| with(|row| Some(format!("{:.0} %", row.progress))))
    };
    // Two names for one animation: it runs again whenever the name changes.
    let first = row.with_untracked(|row| row.as_ref().map(|row| row.position));
    let changed = Memo::new(move |before: Option<&Option<&'static str>>| {
        let position = row.with(|row| row.as_ref().map(|row| row.position));
        match before {
            None => is_new.then_some("a"),
            Some(known) if position == first => *known,
            Some(Some("a")) => Some("b"),
            Some(_) => Some("a"),
        }
    });
    view! {
        <tr data-status=move || status.get().word() data-changed=move || changed.get()>
            <td class="execution-status">
                <Status status />
            </td>
            <td class="execution-path">
                <a href=href::execution(id) title=is_one.then(|| id.to_string())>{name}</a>
            </td>
            <td class="wide execution-detail" title=detail>
                <span class="execution-detail-text">{detail}</span>
                <span class="number quiet">{progress}</span>
            </td>
            <td class="end">
                <Elapsed start=started end=ended clock />
            </td>
            <td class="end">
                <When at=shown_at clock />
            </td>
            {(!is_one)
                .then(|| {
                    view! {
                        <td class="end">
                            <CopyId id=id.to_string() />
                        </td>
                    }
                })}
        </tr>
    }
}
