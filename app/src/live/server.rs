//! The server's side: nothing lives, time stands still.

use super::LinkState;
use leptos::prelude::*;
use protocol::{Envelope, Position, Timestamp, Topic};
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

pub(crate) fn use_now() -> Signal<Timestamp> {
    Signal::stored(now())
}

pub(crate) fn use_link() -> Signal<LinkState> {
    Signal::stored(LinkState::Static)
}

pub(crate) fn offset_minutes(_at: Timestamp) -> i32 {
    0
}

pub(crate) fn follow(_topic: Topic, _after: Position, _handler: impl FnMut(&[&Envelope]) + 'static) {}

pub(crate) fn release_with<E: leptos::html::ElementType>(_root: NodeRef<E>) {}

pub(crate) fn is_at_top() -> bool {
    false
}

pub(crate) fn to_top() {}
