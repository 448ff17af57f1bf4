//! The way to every area: a rail, and in narrow windows a bar at the bottom, with room for four and the rest behind
//! "More".

use super::frame::Area;
use crate::{components::Icon, href};
use leptos::prelude::*;

/// What one comes for in a hurry: these stay in the bar.
const FIRST: [Area; 4] = [Area::Dashboard, Area::Executions, Area::Approvals, Area::Alerts];

/// `here`: the page, when it is one below the area's own.
#[component]
pub(super) fn Rail(#[prop(optional_no_strip)] area: Option<Area>, here: Option<String>) -> impl IntoView {
    let item = move |known: Area| {
        let current = (Some(known) == area).then(|| if here.is_none() { "page" } else { "true" });
        view! {
            <li class:rail-rest=!FIRST.contains(&known)>
                <a class="rail-item" href=known.href() data-chord=known.chord() aria-current=current title=known.name()>
                    <Icon name=known.icon() />
                    <span class="rail-word">{known.name()}</span>
                </a>
            </li>
        }
    };
    let is_rest = |area: &Area| !FIRST.contains(area);
    let is_behind = Area::theirs().filter(is_rest).any(|known| Some(known) == area);
    view! {
        <nav class="rail" data-region="rail" aria-label="Areas">
            <a class="brand" href=href::DASHBOARD aria-label="Signalbox, dashboard">
                <svg class="brand-mark" width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
                    <path class="lamp-post" d="M5 7v9.5M2.5 16.5h5" />
                    <path class="brand-arm" d="M5 5.5h10.5l-1 1.75 1 1.75h-10.5z" transform="rotate(-40 5 7.25)" />
                    <circle class="lamp-pivot" cx="5" cy="7.25" r="2" />
                </svg>
                <span class="rail-word">"Signalbox"</span>
            </a>
            <ul>
                {Area::theirs().map(item.clone()).collect_view()} <li class="rail-more">
                    <button type="button" class="rail-item" popovertarget="areas" aria-current=is_behind.then_some("true")>
                        <Icon name="more" />
                        <span class="rail-word">"More"</span>
                    </button>
                    // Opened and closed by the browser itself: no script, and Escape closes it.
                    <ul class="areas" id="areas" popover="auto">{Area::theirs().filter(is_rest).map(item).collect_view()}</ul>
                </li>
            </ul>
        </nav>
    }
}
