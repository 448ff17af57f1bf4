//! What is around every page: rail, top line, the page's region. Regions are what navigation swaps.

use super::{rail::Rail, reader, settings::Who};
use crate::{
    components::Icon,
    href,
    islands::{Lamp, ZoneNote},
    live,
    theme::Theme,
};
use http::request::Parts;
use leptos::prelude::*;
use leptos_meta::Title;
use protocol::{Action, Identity, Topic};

/// The areas of the rail: only those that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    Dashboard,
    Executions,
    Approvals,
    Playbooks,
    Schedules,
    Credentials,
    Agents,
    Memory,
    Events,
    Alerts,
}

impl Area {
    const ALL: [Area; 10] = [
        Area::Dashboard,
        Area::Executions,
        Area::Approvals,
        Area::Playbooks,
        Area::Schedules,
        Area::Agents,
        Area::Memory,
        Area::Events,
        Area::Alerts,
        Area::Credentials,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Area::Dashboard => "Dashboard",
            Area::Executions => "Executions",
            Area::Approvals => "Approvals",
            Area::Playbooks => "Playbooks",
            Area::Schedules => "Schedules",
            Area::Credentials => "Credentials",
            Area::Agents => "Agents",
            Area::Memory => "Memory",
            Area::Events => "Events",
            Area::Alerts => "Alerts",
        }
    }

    pub(super) fn icon(self) -> &'static str {
        match self {
            Area::Dashboard => "dashboard",
            Area::Executions => "executions",
            Area::Approvals => "approvals",
            Area::Playbooks => "playbooks",
            Area::Schedules => "schedules",
            Area::Credentials => "credentials",
            Area::Agents => "agents",
            Area::Memory => "memory",
            Area::Events => "events",
            Area::Alerts => "alerts",
        }
    }

    pub(super) fn href(self) -> &'static str {
        match self {
            Area::Dashboard => href::DASHBOARD,
            Area::Executions => href::EXECUTIONS,
            Area::Approvals => href::APPROVALS,
            Area::Playbooks => href::PLAYBOOKS,
            Area::Schedules => href::SCHEDULES,
            Area::Credentials => href::CREDENTIALS,
            Area::Agents => href::AGENTS,
            Area::Memory => href::MEMORY,
            Area::Events => href::EVENTS,
            Area::Alerts => href::ALERTS,
        }
    }

    /// The key that leads there after `g`.
    pub(crate) fn chord(self) -> Option<&'static str> {
        match self {
            Area::Dashboard => Some("d"),
            Area::Executions => Some("e"),
            Area::Approvals => Some("a"),
            Area::Playbooks => Some("p"),
            Area::Schedules => Some("s"),
            Area::Credentials => Some("c"),
            Area::Events => Some("v"),
            Area::Agents | Area::Memory | Area::Alerts => None,
        }
    }

    /// Whether its first page is theirs to see.
    fn is_for(self, who: &Identity) -> bool {
        match self {
            Area::Events => who.may_see(&Topic::Events),
            Area::Credentials => who.may(Action::Administer),
            _ => true,
        }
    }

    /// The same for who reads the page.
    pub(crate) fn is_theirs(self) -> bool {
        reader::who().is_none_or(|who| self.is_for(&who))
    }

    pub(crate) fn theirs() -> impl Iterator<Item = Area> {
        Self::ALL.into_iter().filter(|area| area.is_theirs())
    }
}

/// `crumbs`: what stands between the area and the page itself, each with its address; the last is the page.
#[component]
pub(crate) fn Frame(
    #[prop(optional_no_strip)] area: Option<Area>,
    #[prop(into)] title: String,
    #[prop(optional)] crumbs: Vec<(String, String)>,
    children: Children,
) -> impl IntoView {
    let here = crumbs.last().map(|(_, href)| href.clone());
    view! {
        <Title text=format!("{title} · Signalbox") />
        <a class="skip" href="#main">"Skip to content"</a>
        <div class="frame">
            <Rail area here />
            <header class="top">
                <nav class="crumbs" data-region="crumbs" aria-label="Breadcrumb">
                    <ol>{crumb_items(area, crumbs, &title)}</ol>
                </nav>
                <div class="tools">
                    <ZoneNote />
                    <Who />
                    <ThemeSwitch />
                    <button type="button" class="tool needs-script" data-keys="" title="Keys (?)" aria-label="Show keys">
                        <Icon name="keys" />
                    </button>
                    <Lamp />
                </div>
            </header>
            <main
                id="main"
                class="main"
                data-region="main"
                data-now=live::now().0.to_string()
                data-epoch=reader::epoch().map(|epoch| epoch.to_string())
            >
                {children()}
            </main>
        </div>
    }
}

fn crumb_items(area: Option<Area>, crumbs: Vec<(String, String)>, title: &str) -> impl IntoView + use<> {
    let mut items: Vec<(String, String)> = Vec::new();
    match area {
        // What is not theirs is named, and leads nowhere.
        Some(area) => items.push((area.name().to_owned(), if area.is_theirs() { area.href() } else { "" }.to_owned())),
        None => items.push((title.to_owned(), String::new())),
    }
    items.extend(crumbs);
    let last = items.len() - 1;
    let item = |(index, (text, href)): (usize, (String, String))| {
        if index == last {
            view! { <li aria-current="page">{text}</li> }.into_any()
        } else if href.is_empty() {
            view! { <li>{text}</li> }.into_any()
        } else {
            view! { <li><a href=href>{text}</a></li> }.into_any()
        }
    };
    items.into_iter().enumerate().map(item).collect_view()
}

/// One press, one step: system, light, dark.
#[component]
fn ThemeSwitch() -> impl IntoView {
    let parts = use_context::<Parts>();
    let theme = parts.as_ref().map(|parts| Theme::from_cookies(&parts.headers)).unwrap_or_default();
    let here = parts.and_then(|parts| parts.uri.path_and_query().map(ToString::to_string)).unwrap_or_default();
    let name = format!("Theme: {}. Change to {}", theme.word(), theme.next().word());
    view! {
        <form class="theme" data-region="theme" method="post" action="/api/sf/set_theme">
            <input type="hidden" name="return_to" value=here />
            <button class="tool" id="theme-switch" name="theme" value=theme.next().word() title=name.clone() aria-label=name>
                <Icon name=theme.word() />
            </button>
        </form>
    }
}
