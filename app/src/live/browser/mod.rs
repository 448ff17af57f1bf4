//! The browser's side: the one store, in a thread-local, and the hands that do what the machines decide.

mod dispatch;
mod observer;
mod place;
mod shown;
mod socket;

use super::{
    LinkState,
    link::{Duty, Link},
    subscriptions::Subscriptions,
};
use dispatch::Dispatch;
use leptos::prelude::*;
use observer::Islands;
use protocol::{Timestamp, frame::ClientFrame};
use shown::Shown;
use socket::Socket;
use std::{
    cell::{Cell, RefCell},
    time::Duration,
};
use wasm_bindgen::{JsCast, JsValue};

pub(crate) use dispatch::follow;
pub(crate) use observer::release_with;
pub(crate) use place::{is_at_top, to_top};

/// How often clocks move and the link is looked after.
const TICK: Duration = Duration::from_secs(1);
/// A smaller difference between the server's clock and ours is network time.
const SKEW_MS: i64 = 3_000;

struct Live {
    link_state: Shown<LinkState>,
    now: Shown<Timestamp>,
    skew_ms: Cell<i64>,
    link: RefCell<Link>,
    subscriptions: RefCell<Subscriptions>,
    socket: RefCell<Option<Socket>>,
    attempt: Cell<u32>,
    /// Measurements so far.
    measured: Cell<u64>,
    dispatch: Dispatch,
    islands: Islands,
}

thread_local! {
    static LIVE: Live = {
        let skew_ms = skew_ms();
        let now = Timestamp(local_ms() + skew_ms);
        Live {
            link_state: Shown::new(LinkState::Connecting),
            // What the server wrote is taken over as it is; the first tick makes it what it is now.
            now: Shown::new(rendered().unwrap_or(now)),
            skew_ms: Cell::new(skew_ms),
            link: RefCell::new(Link::new(now)),
            subscriptions: RefCell::default(),
            socket: RefCell::default(),
            attempt: Cell::new(0),
            measured: Cell::new(0),
            dispatch: Dispatch::default(),
            islands: Islands::default(),
        }
    };
}

/// Opens the socket and starts to watch the page. Called once, from `hydrate()`.
pub fn start() {
    socket::connect();
    observer::start();
    set_interval(tick, TICK);
    for name in ["online", "pageshow"] {
        // The handle is dropped, which does not remove the listener: it lives as long as the page.
        let _ = window_event_listener_untyped(name, |_| socket::hurry());
    }
    let _ = window_event_listener_untyped("offline", |_| socket::lost());
    if let Some(navigator) = navigator() {
        let _ = js_sys::Reflect::set(&navigator, &"isAlive".into(), &JsValue::TRUE);
    }
}

/// The server's time as far as we know it.
pub(crate) fn now() -> Timestamp {
    Timestamp(local_ms() + LIVE.with(|live| live.skew_ms.get()))
}

pub(crate) fn use_now() -> Signal<Timestamp> {
    shown::copy(|live| &live.now)
}

pub(crate) fn use_link() -> Signal<LinkState> {
    shown::copy(|live| &live.link_state)
}

/// The reader's zone at an instant, minutes east of UTC.
pub(crate) fn offset_minutes(at: Timestamp) -> i32 {
    -(js_sys::Date::new(&JsValue::from_f64(at.0 as f64)).get_timezone_offset() as i32)
}

fn tick() {
    let now = now();
    shown::set(|live| &live.now, now);
    let duty = LIVE.with(|live| live.link.borrow_mut().tick(now));
    match duty {
        Duty::Nothing => {}
        Duty::Ping => send(&[ClientFrame::Ping { id: None }]),
        Duty::Hang => socket::lost(),
    }
    show_link();
}

/// Brings the lamp up to date.
fn show_link() {
    let state = LIVE.with(|live| {
        live.link.borrow_mut().behind(live.subscriptions.borrow().behind());
        live.link.borrow().state(now())
    });
    shown::set(|live| &live.link_state, state);
}

fn send(frames: &[ClientFrame]) {
    LIVE.with(|live| {
        if let Some(socket) = live.socket.borrow().as_ref() {
            frames.iter().for_each(|frame| socket.send(frame));
        }
    });
}

/// What is on the page cannot be brought up to date by events: the navigator fetches it anew.
fn refresh_page() {
    LIVE.with(|live| live.link.borrow_mut().missed(now()));
    let Some(navigator) = navigator() else { return };
    let refresh = js_sys::Reflect::get(&navigator, &"refresh".into()).unwrap_or(JsValue::UNDEFINED);
    if let Some(refresh) = refresh.dyn_ref::<js_sys::Function>() {
        let _ = refresh.call0(&navigator);
    }
}

/// `window.signalbox`, see navigate.js.
fn navigator() -> Option<JsValue> {
    js_sys::Reflect::get(&window(), &"signalbox".into()).ok().filter(JsValue::is_object)
}

fn local_ms() -> i64 {
    js_sys::Date::now() as i64
}

/// How far the server's clock is ahead of ours, by the time the page was rendered. One that the browser had kept, for
/// Back or for a tab that is opened again, says nothing about now.
fn skew_ms() -> i64 {
    let told = rendered().filter(|_| !is_from_cache());
    told.map(|at| at.0 - local_ms()).filter(|skew| skew.abs() >= SKEW_MS).unwrap_or(0)
}

/// When the server rendered the page, by its clock.
fn rendered() -> Option<Timestamp> {
    let main = document().query_selector("main[data-now]").ok().flatten()?;
    main.get_attribute("data-now")?.parse().ok().map(Timestamp)
}

/// No byte of this document came over the network: so says its navigation timing, where the browser has one.
fn is_from_cache() -> bool {
    let bytes = || {
        let performance = js_sys::Reflect::get(&window(), &"performance".into())?;
        let entries = js_sys::Reflect::get(&performance, &"getEntriesByType".into())?;
        let entries = entries.dyn_into::<js_sys::Function>()?.call1(&performance, &"navigation".into())?;
        let navigation = js_sys::Reflect::get_u32(&entries, 0)?;
        js_sys::Reflect::get(&navigation, &"transferSize".into())
    };
    bytes().ok().and_then(|bytes| bytes.as_f64()) == Some(0.0)
}
