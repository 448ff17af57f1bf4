//! The time as an island shows it.

use super::{now, offset_minutes, use_now};
use crate::format::{self, Zone};
use leptos::prelude::*;
use protocol::Timestamp;

/// Made once per island. Renders what the server rendered until hydration is done, then the reader's own zone.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    now: Signal<Timestamp>,
    is_local: ReadSignal<bool>,
}

/// The clock of the calling island; call it once, outside of any closure.
pub(crate) fn use_clock() -> Clock {
    let (is_local, set_local) = signal(false);
    // Effects run in the browser only, and after the island has taken over the server's markup.
    Effect::new(move || set_local.set(true));
    Clock { now: use_now(), is_local }
}

impl Clock {
    /// Ticks about once a second. The server's time, whatever this machine's clock says.
    pub(crate) fn now(self) -> Timestamp {
        self.now.get()
    }

    pub(crate) fn now_untracked(self) -> Timestamp {
        now()
    }

    pub(crate) fn zone(self, at: Timestamp) -> Zone {
        if self.is_local.get() { Zone::Offset(offset_minutes(at)) } else { Zone::Utc }
    }

    /// `3 min ago`.
    pub(crate) fn ago(self, at: Timestamp) -> String {
        format::ago(at, self.now(), self.zone(at))
    }

    /// `in 3 min`.
    pub(crate) fn ahead(self, at: Timestamp) -> String {
        format::ahead(at, self.now(), self.zone(at))
    }

    /// `2026-01-31 07:48:19.123 UTC+1`.
    pub(crate) fn exact(self, at: Timestamp) -> String {
        format::exact(at, self.zone(at))
    }

    /// `07:48:19`.
    pub(crate) fn time(self, at: Timestamp) -> String {
        format::clock(at, self.zone(at))
    }

    /// `07:48:19.123`.
    pub(crate) fn time_ms(self, at: Timestamp) -> String {
        format::clock_ms(at, self.zone(at))
    }

    /// From `start` to `end`, or to now while there is no end.
    pub(crate) fn elapsed(self, start: Timestamp, end: Option<Timestamp>) -> String {
        let end = end.unwrap_or_else(|| self.now());
        format::duration(end.ms_since(start))
    }
}
