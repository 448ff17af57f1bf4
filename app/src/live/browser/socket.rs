//! The socket itself: one at a time, opened again with growing pauses, closed when the peer falls silent.

use super::{LIVE, dispatch, now, refresh_page, send, show_link};
use crate::{href, live::backoff};
use leptos::prelude::*;
use protocol::{
    Envelope, EventId,
    event::PerformanceMetric,
    frame::{ClientFrame, ServerFrame, Subscribed, close},
};
use std::time::Duration;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{CloseEvent, MessageEvent, WebSocket};

/// Close codes of this range mean: do not come back.
const TERMINAL: std::ops::RangeInclusive<u16> = close::INVALID..=4499;

/// What was refused for now is not asked for again before.
const REFUSED_MS: u64 = 1_000;

pub(super) struct Socket {
    raw: WebSocket,
    /// Kept as long as the socket may call them.
    _message: Closure<dyn FnMut(MessageEvent)>,
    _close: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    fn open() -> Option<Self> {
        let location = window().location();
        let scheme = if location.protocol().is_ok_and(|scheme| scheme == "https:") { "wss" } else { "ws" };
        let raw = WebSocket::new(&format!("{scheme}://{}/api/ws", location.host().ok()?)).ok()?;
        let message = Closure::<dyn FnMut(MessageEvent)>::new(|event: MessageEvent| {
            if let Some(text) = event.data().as_string() {
                received(&text);
            }
        });
        let close = Closure::<dyn FnMut(CloseEvent)>::new(|event: CloseEvent| closed(event.code()));
        raw.set_onmessage(Some(message.as_ref().unchecked_ref()));
        raw.set_onclose(Some(close.as_ref().unchecked_ref()));
        Some(Self { raw, _message: message, _close: close })
    }

    pub(super) fn send(&self, frame: &ClientFrame) {
        let text = serde_json::to_string(frame).expect("client frames have string keys and no failing types");
        if self.raw.ready_state() == WebSocket::OPEN {
            // Refused only when the socket closed meanwhile; the close event brings a new one.
            let _ = self.raw.send_with_str(&text);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.raw.set_onmessage(None);
        self.raw.set_onclose(None);
        let _ = self.raw.close();
    }
}

pub(super) fn connect() {
    if LIVE.with(|live| live.socket.borrow().is_some()) || !has_frame() {
        return;
    }
    match Socket::open() {
        Some(socket) => LIVE.with(|live| *live.socket.borrow_mut() = Some(socket)),
        None => come_back(None),
    }
}

/// Where one signs in there is no frame, nothing to be told, and nobody yet to tell it to.
fn has_frame() -> bool {
    document().query_selector("main[data-region]").ok().flatten().is_some()
}

/// The connection is as good as gone, whether or not the browser has noticed.
pub(super) fn lost() {
    leave();
    come_back(None);
}

/// The network is back: a waiting attempt is made now.
pub(super) fn hurry() {
    LIVE.with(|live| live.attempt.set(0));
    connect();
}

fn closed(code: u16) {
    leave();
    if code == close::UNAUTHENTICATED {
        sign_in();
    } else if !TERMINAL.contains(&code) {
        come_back(None);
    }
}

/// The session has ended, or was never there: what is shown is nobody's to see. To the form for signing in, and from
/// there back to where one is. In place of this page: Back would only lead to the form again.
fn sign_in() {
    LIVE.with(|live| live.link.borrow_mut().signed_out());
    show_link();
    let location = window().location();
    let parts = [location.pathname(), location.search(), location.hash()];
    let here: String = parts.into_iter().filter_map(Result::ok).collect();
    // Refused to a page that is being left already, which is as well.
    let _ = location.replace(&href::login(&here));
}

/// Gives the socket up. Its handlers are detached, so each socket is left once.
fn leave() {
    let old = LIVE.with(|live| live.socket.borrow_mut().take());
    LIVE.with(|live| {
        live.link.borrow_mut().closed(now());
        live.subscriptions.borrow_mut().closed();
    });
    show_link();
    // Not dropped while one of its own closures is running.
    set_timeout(move || drop(old), Duration::ZERO);
}

/// Connects after a pause, of at least `after_ms` if the server asked for one.
fn come_back(after_ms: Option<u64>) {
    let attempt = LIVE.with(|live| {
        let attempt = live.attempt.get();
        live.attempt.set(attempt.saturating_add(1));
        attempt
    });
    let own = u64::try_from(backoff::delay_ms(attempt, js_sys::Math::random())).unwrap_or_default();
    set_timeout(connect, Duration::from_millis(own + after_ms.unwrap_or_default()));
}

fn received(text: &str) {
    LIVE.with(|live| live.link.borrow_mut().heard(now()));
    let frame = match serde_json::from_str::<ServerFrame>(text) {
        Ok(frame) => frame,
        Err(error) => return leptos::logging::warn!("a frame this page cannot read: {error}"),
    };
    match frame {
        ServerFrame::Hello { epoch, limits, .. } => {
            let frames = LIVE.with(|live| {
                live.attempt.set(0);
                live.link.borrow_mut().opened(now(), limits.idle_timeout_ms);
                live.subscriptions.borrow_mut().opened(epoch, limits.frame_bytes)
            });
            send(&frames);
        }
        ServerFrame::Subscribed { topics, .. } => LIVE.with(|live| {
            for Subscribed { topic, position, recovered } in topics {
                live.subscriptions.borrow_mut().subscribed(&topic, position, recovered);
            }
        }),
        ServerFrame::Event { topics, event } => {
            let topics = LIVE.with(|live| live.subscriptions.borrow_mut().event(topics, event.position));
            if !topics.is_empty() {
                dispatch::enqueue(topics, event);
            }
        }
        ServerFrame::PerformanceMetrics { topics, metrics } => {
            let topics = LIVE.with(|live| live.subscriptions.borrow_mut().event(topics, None));
            if !topics.is_empty() {
                metrics.into_iter().for_each(|metric| dispatch::enqueue(topics.clone(), measured(metric)));
            }
        }
        ServerFrame::CaughtUp { .. } => LIVE.with(|live| live.subscriptions.borrow_mut().caught_up()),
        ServerFrame::Gap { topic, to, .. } => {
            let is_shown = LIVE.with(|live| live.subscriptions.borrow_mut().gap(&topic, to));
            if is_shown {
                refresh_page();
            }
        }
        ServerFrame::Draining { reconnect_after_ms } => {
            leave();
            come_back(Some(reconnect_after_ms));
        }
        ServerFrame::Error { code, message, temporary, .. } => {
            leptos::logging::warn!("the server refused: {code}: {message}");
            if temporary {
                // Its topics would stay silent behind a lamp that says live: all are asked for again.
                leave();
                come_back(Some(REFUSED_MS));
            }
        }
        // A sign of life, or an answer to what no page asks.
        _ => {}
    }
    show_link();
}

/// A measurement as an event of its own: a batch says the topics once. The ids are this page's.
fn measured(metric: PerformanceMetric) -> Envelope {
    let number = LIVE.with(|live| {
        live.measured.set(live.measured.get() + 1);
        live.measured.get()
    });
    Envelope {
        id: EventId::numbered(number),
        position: None,
        time: metric.timestamp,
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        event: metric.into(),
    }
}
