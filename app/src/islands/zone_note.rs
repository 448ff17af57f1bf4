//! Which zone times are shown in.

use crate::live::{now, use_clock};
use leptos::prelude::*;

/// UTC as rendered by the server, then the reader's own.
#[island]
pub fn ZoneNote() -> impl IntoView {
    let clock = use_clock();
    let rendered = now();
    view! { <span class="zone-note" title="The zone of all times on this page">{move || clock.zone(rendered).name()}</span> }
}
