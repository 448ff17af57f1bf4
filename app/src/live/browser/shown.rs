//! Values of the store that islands show.
//!
//! Each island reads a copy of its own. An island's effects outlive it (Leptos keeps them), so what they read must
//! die with the island: a signal of the store would go on waking them, to read what has been disposed of.

use super::{LIVE, Live};
use leptos::prelude::*;
use std::cell::{Cell, RefCell};

pub(super) struct Shown<T: 'static> {
    value: Cell<T>,
    copies: RefCell<Vec<(u64, RwSignal<T>)>>,
    next_id: Cell<u64>,
}

impl<T> Shown<T> {
    pub(super) fn new(value: T) -> Self {
        Self { value: Cell::new(value), copies: RefCell::default(), next_id: Cell::new(0) }
    }
}

/// The calling island's copy; gone when the island is.
pub(super) fn copy<T: Copy + Send + Sync>(of: fn(&Live) -> &Shown<T>) -> Signal<T> {
    let (id, copy) = LIVE.with(|live| {
        let shown = of(live);
        let id = shown.next_id.get();
        shown.next_id.set(id + 1);
        let copy = RwSignal::new(shown.value.get());
        shown.copies.borrow_mut().push((id, copy));
        (id, copy)
    });
    on_cleanup(move || LIVE.with(|live| of(live).copies.borrow_mut().retain(|(known, _)| *known != id)));
    copy.into()
}

pub(super) fn set<T: Copy + PartialEq + Send + Sync>(of: fn(&Live) -> &Shown<T>, value: T) {
    let copies: Vec<RwSignal<T>> = LIVE.with(|live| {
        let shown = of(live);
        if shown.value.replace(value) == value {
            return Vec::new();
        }
        shown.copies.borrow().iter().map(|(_, copy)| *copy).collect()
    });
    for copy in copies {
        copy.set(value);
    }
}
