//! A time to come on a page that is otherwise still.

use crate::{
    components::Until,
    live::{release_with, use_clock},
};
use leptos::{html::Span, prelude::*};
use protocol::Timestamp;

#[island]
pub fn TimeUntil(at: Timestamp) -> impl IntoView {
    let root = NodeRef::<Span>::new();
    release_with(root);
    let clock = use_clock();
    view! {
        <span node_ref=root>
            <Until at clock />
        </span>
    }
}
