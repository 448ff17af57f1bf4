//! The connection lamp: a semaphore and its word.

use crate::{
    format,
    live::{LinkState, now, use_clock, use_link},
};
use leptos::prelude::*;

/// Arm up: live. Level: on the way. Down: what is shown may be old.
#[island]
pub fn Lamp() -> impl IntoView {
    let clock = use_clock();
    let rendered = now();
    let link = use_link();
    // Shows what the server rendered until hydration is done.
    let (is_alive, set_alive) = signal(false);
    Effect::new(move || set_alive.set(true));
    let state = Memo::new(move |_| if is_alive.get() { link.get() } else { LinkState::Static });
    let word = move || match state.get() {
        LinkState::Static => format!("Static page as of {} — reload for news", clock.time(rendered)),
        LinkState::Connecting => "Connecting".to_owned(),
        LinkState::Live => "Live".to_owned(),
        LinkState::CatchingUp(events) => format!("Catching up {}", format::count(events)),
        LinkState::Reconnecting => "Reconnecting".to_owned(),
        LinkState::Renewing => "Fetching anew".to_owned(),
        LinkState::Stale(since) => format!("Stale since {}", clock.time(since)),
        LinkState::SignedOut => "Signed out".to_owned(),
    };
    let title = move || match state.get() {
        LinkState::Static => "This page does not change by itself",
        LinkState::Connecting => "Opening the connection to the server",
        LinkState::Live => "What you see is what is",
        LinkState::CatchingUp(_) => "Events missed while away are arriving",
        LinkState::Reconnecting => "The connection was lost and is being opened again",
        LinkState::Renewing => "Events were missed that cannot be had any more: the page is fetched again",
        LinkState::Stale(_) => "The server cannot be reached; what you see may be old",
        LinkState::SignedOut => "Your session has ended: you are led to where you sign in, and back here",
    };
    view! {
        <div class="lamp" role="status" data-state=move || state.get().word() title=title>
            <svg class="lamp-signal" width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
                <path class="lamp-post" d="M5 7v9.5M2.5 16.5h5" />
                <g class="lamp-arm">
                    <path d="M5 5.5h10.5l-1 1.75 1 1.75h-10.5z" />
                </g>
                <circle class="lamp-pivot" cx="5" cy="7.25" r="2" />
            </svg>
            <span class="lamp-word">{word}</span>
        </div>
    }
}
