//! The page as the source of truth: which topics its markup names, and which islands are still in it.

use super::{LIVE, send, show_link};
use crate::live::subscriptions::Wanted;
use leptos::{html::ElementType, prelude::*};
use protocol::{Epoch, Position, Topic};
use std::cell::RefCell;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, MutationObserver, MutationObserverInit, Node};

/// Islands on the page, each with its owner and whether it has left.
#[derive(Default)]
pub(super) struct Islands(RefCell<Vec<(Owner, IsGone)>>);

type IsGone = Box<dyn Fn() -> bool>;

/// Gives the calling island the clean-up that islands lack: when `root` leaves the page, the island's signals,
/// effects and followers are disposed of.
pub(crate) fn release_with<E>(root: NodeRef<E>)
where
    E: ElementType + 'static,
    E::Output: JsCast + Clone + AsRef<Node> + 'static,
{
    let is_gone =
        move || root.try_get_untracked().flatten().is_none_or(|root| !AsRef::<Node>::as_ref(&root).is_connected());
    if let Some(owner) = Owner::current() {
        LIVE.with(|live| live.islands.0.borrow_mut().push((owner, Box::new(is_gone))));
    }
}

pub(super) fn start() {
    let mut main = region();
    let changed = Closure::<dyn FnMut()>::new(move || {
        let now = region();
        if now != main {
            main = now;
            LIVE.with(|live| live.link.borrow_mut().renewed());
            show_link();
        }
        sweep();
        subscribe();
    });
    let options = MutationObserverInit::new();
    options.set_child_list(true);
    options.set_subtree(true);
    if let Ok(observer) = MutationObserver::new(changed.as_ref().unchecked_ref())
        && let Some(body) = document().body()
    {
        // Fails only for options without any kind of change.
        let _ = observer.observe_with_options(&body, &options);
        // Both live as long as the page.
        changed.forget();
        std::mem::forget(observer);
    }
    subscribe();
}

/// The page's own region: another element with each page.
fn region() -> Option<Element> {
    document().get_element_by_id("main")
}

fn sweep() {
    let gone: Vec<(Owner, IsGone)> =
        LIVE.with(|live| live.islands.0.borrow_mut().extract_if(.., |(_, is_gone)| is_gone()).collect());
    for (owner, _) in gone {
        owner.cleanup();
    }
}

fn subscribe() {
    let wanted = wanted();
    let frames = LIVE.with(|live| live.subscriptions.borrow_mut().want(&wanted, epoch().as_ref()));
    send(&frames);
}

/// Of the log that the page was rendered from.
pub(super) fn epoch() -> Option<Epoch> {
    region().and_then(|main| main.get_attribute("data-epoch")).map(Epoch)
}

/// Every `data-topic` of the page; of several elements with the same topic, the lowest position.
fn wanted() -> Wanted {
    let mut wanted = Wanted::new();
    let Ok(list) = document().query_selector_all("[data-topic]") else { return wanted };
    let elements = (0..list.length()).filter_map(|index| list.item(index)?.dyn_into::<Element>().ok());
    for element in elements {
        let Some(topic) = element.get_attribute("data-topic").and_then(|name| name.parse::<Topic>().ok()) else {
            continue;
        };
        let after = element.get_attribute("data-after").and_then(|text| text.parse().ok()).map(Position);
        wanted.entry(topic).and_modify(|known| *known = (*known).min(after)).or_insert(after);
    }
    wanted
}
