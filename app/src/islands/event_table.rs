//! A page of an execution's history.

use crate::{
    components::HistoryTable,
    live::{release_with, use_clock},
};
use leptos::{html::Div, prelude::*};
use protocol::view::EventRow;

#[island]
pub fn EventTable(rows: Vec<EventRow>) -> impl IntoView {
    let root = NodeRef::<Div>::new();
    release_with(root);
    let clock = use_clock();
    view! {
        <div node_ref=root class="table-scroll" tabindex="0" role="group" aria-label="Events">
            <HistoryTable rows=Signal::stored(rows) clock />
        </div>
    }
}
