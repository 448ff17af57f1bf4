//! The items of an iterator: how many are where, those that failed, those that began last.

use super::{Elapsed, StatusMark, label};
use crate::{format, href, live::Clock};
use leptos::prelude::*;
use protocol::{
    StepStatus,
    view::{ItemView, ItemsView},
};

const STATES: [StepStatus; 5] =
    [StepStatus::Queued, StepStatus::Running, StepStatus::Waiting, StepStatus::Completed, StepStatus::Failed];

#[component]
pub(crate) fn ItemList(#[prop(into)] items: Signal<Option<ItemsView>>, clock: Clock) -> impl IntoView {
    let counts = move || {
        items.with(|items| {
            let items = items.as_ref()?;
            let count = |status| (items.in_state(status) > 0).then(|| (status, items.in_state(status)));
            Some(STATES.into_iter().filter_map(count).collect::<Vec<_>>())
        })
    };
    let failures =
        Memo::new(move |_| items.with(|items| items.as_ref().map(|i| i.failures.clone()).unwrap_or_default()));
    let newest = Memo::new(move |_| {
        items.with(|items| {
            let mut newest = items.as_ref().map(|items| items.newest.clone()).unwrap_or_default();
            newest.retain(|item| item.status != StepStatus::Failed);
            newest.reverse();
            newest
        })
    });
    view! {
        <h3>"Items"</h3>
        <p class="item-counts">
            {move || {
                counts()
                    .unwrap_or_default()
                    .into_iter()
                    .map(|(status, count)| {
                        view! {
                            <span class="status" data-status=status.word()>
                                <StatusMark status />
                                <span class="number">{format::count(u64::from(count))}</span>
                                " "
                                {label(status).to_lowercase()}
                            </span>
                        }
                    })
                    .collect_view()
            }}
        </p>
        {move || failures.with(|rows| (!rows.is_empty()).then(|| view! { <Rows rows=rows.clone() clock caption="Failed last" /> }))}
        {move || newest.with(|rows| (!rows.is_empty()).then(|| view! { <Rows rows=rows.clone() clock caption="Begun last" /> }))}
    }
}

#[component]
fn Rows(rows: Vec<ItemView>, clock: Clock, caption: &'static str) -> impl IntoView {
    let row = move |item: ItemView| {
        let word = item.status.word();
        let attempt = (item.attempt > 1).then(|| format!("attempt {}", item.attempt));
        let child = item.child.map(|id| view! { <a href=href::execution(id)>"execution"</a> });
        let (start, end) = (item.started_at, item.ended_at);
        view! {
            <tr data-status=word>
                <td class="number"><StatusMark status=item.status /> " " {item.item}</td>
                <td>{item.error.map(|error| error.message)} {child} " " <span class="quiet">{attempt}</span></td>
                <td class="end">
                    <Elapsed start=Signal::stored(start) end=Signal::stored(end) clock />
                </td>
            </tr>
        }
    };
    view! {
        <div class="item-scroll" tabindex="0" role="group" aria-label=caption>
            <table class="table item-table">
                <caption class="quiet">{caption}</caption>
                <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}
