//! Alerts as they come.

use crate::{
    components::{FeedTools, StatusMark, When, follow_feed},
    href,
    live::{release_with, use_clock},
};
use leptos::{html::Div, prelude::*};
use protocol::{
    StepStatus, Topic,
    event::Severity,
    view::{AlertRow, Feed},
};

#[island]
pub fn AlertList(feed: Feed<AlertRow>, is_live: bool) -> impl IntoView {
    let root = NodeRef::<Div>::new();
    release_with(root);
    let clock = use_clock();
    let after = is_live.then(|| feed.position.to_string());
    let (feed, is_paused) = follow_feed(is_live.then_some(Topic::SystemAlerts), feed, AlertRow::of);
    let rows = Memo::new(move |_| feed.with(|feed| feed.rows.clone()));
    let row = move |row: AlertRow| {
        let AlertRow { position, alert, .. } = row;
        let (status, word) = look(alert.severity);
        let at = Signal::stored(alert.timestamp);
        let said = match position {
            Some(position) => {
                view! { <a href=href::event(position, Some(&Topic::SystemAlerts))>{alert.message.clone()}</a> }
                    .into_any()
            }
            None => alert.message.clone().into_any(),
        };
        view! {
            <tr data-status=status.word()>
                <td>
                    <span class="status" data-status=status.word()>
                        <StatusMark status />
                        <span>{word}</span>
                    </span>
                </td>
                <td>{alert.component}</td>
                <td class="stream-text" title=alert.message.clone()>{said}</td>
                <td class="end"><When at clock /></td>
            </tr>
        }
    };
    view! {
        <div node_ref=root data-topic=is_live.then(|| Topic::SystemAlerts.to_string()) data-after=after>
            {is_live.then(|| view! { <FeedTools feed is_paused /> })}
            <table class="table stream-table alert-table">
                <caption class="visually-hidden">"Alerts, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Severity"</th>
                        <th scope="col">"Component"</th>
                        <th scope="col">"What is wrong"</th>
                        <th scope="col" class="end">"Said"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || rows.get() key=|row| (row.position, row.id) children=row />
                </tbody>
            </table>
        </div>
    }
}

/// Shape and colour of a status that is as urgent, and the word.
fn look(severity: Severity) -> (StepStatus, &'static str) {
    match severity {
        Severity::Info => (StepStatus::Queued, "Info"),
        Severity::Warning => (StepStatus::Waiting, "Warning"),
        Severity::Error => (StepStatus::Failed, "Error"),
        Severity::Critical => (StepStatus::Failed, "Critical"),
    }
}
