//! The document around every page, and which page is at which URL.

use crate::{
    components::Sprite,
    pages::{self, Area},
    security,
    theme::Theme,
};
use http::request::Parts;
use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::{MetaTags, Stylesheet, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

/// The whole document of one response.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    security::set_content_security_policy();
    let theme = use_context::<Parts>().map(|parts| Theme::from_cookies(&parts.headers)).unwrap_or_default();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.word()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href=ICON />
                <script nonce=use_nonce()>{include_str!("navigate.js")}</script>
                <AutoReload options=options.clone() />
                <HydrationScripts options islands=true islands_router=false />
                <MetaTags />
            </head>
            <body>
                <Sprite />
                <div id="pending" aria-hidden="true"></div>
                <div id="announcer" class="visually-hidden" aria-live="polite"></div>
                <div id="unreachable" class="unreachable" role="alert" hidden>
                    <p>
                        <b>"Cannot reach the server."</b>
                        <span id="unreachable-note"></span>
                    </p>
                    <button type="button" class="button" data-retry>"Retry"</button>
                    <button type="button" class="button" data-dismiss>"Dismiss"</button>
                </div>
                <App />
                <Keys />
            </body>
        </html>
    }
}

/// A semaphore with its arm up.
const ICON: &str = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 18 18'><path d='M5 7v9.5M2.5 16.5h5' stroke='gray' stroke-width='1.5'/><path transform='rotate(-40 5 7.25)' d='M5 5.5h10.5l-1 1.75 1 1.75h-10.5z' fill='%232f6feb'/></svg>";

/// Every page. Each waits for its data before the first byte, so that the status code is right.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Stylesheet id="leptos" href="/pkg/signalbox.css" />
        <Router>
            <Routes fallback=pages::NotFound>
                <Route path=path!("/") view=pages::Dashboard ssr=SsrMode::Async />
                <Route path=path!("/executions") view=pages::Executions ssr=SsrMode::Async />
                <Route path=path!("/executions/bulk") view=pages::Bulk ssr=SsrMode::Async />
                <Route path=path!("/executions/:id") view=pages::Execution ssr=SsrMode::Async />
                <Route path=path!("/executions/:id/events") view=pages::ExecutionEvents ssr=SsrMode::Async />
                <Route path=path!("/executions/:id/rerun") view=pages::Rerun ssr=SsrMode::Async />
                <Route path=path!("/approvals") view=pages::Approvals ssr=SsrMode::Async />
                <Route path=path!("/agents") view=pages::Agents ssr=SsrMode::Async />
                <Route path=path!("/memory") view=pages::Memory ssr=SsrMode::Async />
                <Route path=path!("/alerts") view=pages::Alerts ssr=SsrMode::Async />
                <Route path=path!("/events") view=pages::Events ssr=SsrMode::Async />
                <Route path=path!("/events/replay") view=pages::EventReplay ssr=SsrMode::Async />
                <Route path=path!("/events/:position") view=pages::Event ssr=SsrMode::Async />
                <Route path=path!("/playbooks") view=pages::Playbooks ssr=SsrMode::Async />
                <Route path=path!("/playbooks/*path") view=pages::Playbook ssr=SsrMode::Async />
                <Route path=path!("/schedules") view=pages::Schedules ssr=SsrMode::Async />
                <Route path=path!("/schedules/new") view=pages::NewSchedule ssr=SsrMode::Async />
                <Route path=path!("/schedules/named/*name") view=pages::Schedule ssr=SsrMode::Async />
                <Route path=path!("/credentials") view=pages::Credentials ssr=SsrMode::Async />
                <Route path=path!("/login") view=pages::Login ssr=SsrMode::Async />
                <Route path=path!("/settings") view=pages::Settings ssr=SsrMode::Async />
                <Route path=path!("/register") view=pages::Register ssr=SsrMode::Async />
            </Routes>
        </Router>
    }
}

/// What `?` shows.
#[component]
fn Keys() -> impl IntoView {
    let others = [("/", "Search in the list"), ("?", "These keys"), ("Esc", "Close")];
    let rows = Area::theirs()
        .filter_map(|area| Some((format!("g {}", area.chord()?), area.name())))
        .chain(others.map(|(key, what)| (key.to_owned(), what)))
        .map(|(keys, what)| {
            let keys = keys.split(' ').map(|key| view! { <kbd>{key.to_owned()}</kbd> }).collect_view();
            view! {
                <dt>{keys}</dt>
                <dd>{what}</dd>
            }
        })
        .collect_view();
    view! {
        <dialog id="keys" class="keys" aria-labelledby="keys-title">
            <h2 id="keys-title" class="panel-title">"Keys"</h2>
            <dl>{rows}</dl>
            <form method="dialog">
                <button class="button">"Close"</button>
            </form>
        </dialog>
    }
}
