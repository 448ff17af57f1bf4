//! A relative time on a page that is otherwise still.

use crate::{
    components::When,
    live::{release_with, use_clock},
};
use leptos::{html::Span, prelude::*};
use protocol::Timestamp;

#[island]
pub fn TimeAgo(at: Timestamp) -> impl IntoView {
    let root = NodeRef::<Span>::new();
    release_with(root);
    let clock = use_clock();
    view! {
        <span node_ref=root>
            <When at clock />
        </span>
    }
}
