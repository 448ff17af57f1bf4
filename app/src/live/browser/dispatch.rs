//! From frames to followers: events are gathered for a frame's time and handed on in batches.

use super::{LIVE, observer, send};
use leptos::prelude::*;
use protocol::{Envelope, Position, Topic};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

/// How long events are gathered: the screen shows no more often.
const GATHER: Duration = Duration::from_millis(16);

#[derive(Default)]
pub(super) struct Dispatch {
    followers: RefCell<Vec<Rc<Follower>>>,
    next_id: Cell<u64>,
    pending: RefCell<Vec<Arrived>>,
}

/// An event that waits to be handed on.
struct Arrived {
    topics: Vec<Topic>,
    event: Envelope,
    /// It is for followers with smaller ids: those there were when it came.
    before: u64,
}

struct Follower {
    id: u64,
    topic: Topic,
    handler: RefCell<Handler>,
}

type Handler = Box<dyn FnMut(&[&Envelope])>;

/// Hands every event of a topic to `handler`, in order, in batches, until the calling island leaves the page.
/// `after`: the position of what the island shows. Events up to it may come as well, and some may come twice:
/// views drop them by position.
///
/// What waits to be handed on is not for whoever begins now: they asked the log for all of it, from `after` on, and an
/// event that came before the rest of that would take their view beyond the rest.
pub(crate) fn follow(topic: Topic, after: Position, handler: impl FnMut(&[&Envelope]) + 'static) {
    let (id, frames) = LIVE.with(|live| {
        let id = live.dispatch.next_id.get();
        live.dispatch.next_id.set(id + 1);
        let frames = live.subscriptions.borrow_mut().follow_from(&topic, after, observer::epoch().as_ref());
        let follower = Follower { id, topic, handler: RefCell::new(Box::new(handler)) };
        live.dispatch.followers.borrow_mut().push(Rc::new(follower));
        (id, frames)
    });
    send(&frames);
    on_cleanup(move || LIVE.with(|live| live.dispatch.followers.borrow_mut().retain(|follower| follower.id != id)));
}

pub(super) fn enqueue(topics: Vec<Topic>, event: Envelope) {
    let is_first = LIVE.with(|live| {
        let mut pending = live.dispatch.pending.borrow_mut();
        pending.push(Arrived { topics, event, before: live.dispatch.next_id.get() });
        pending.len() == 1
    });
    if is_first {
        set_timeout(flush, GATHER);
    }
}

fn flush() {
    // From a copy of the list: a handler may make an island that follows, or remove one that did.
    let (batch, followers) = LIVE.with(|live| (live.dispatch.pending.take(), live.dispatch.followers.borrow().clone()));
    for follower in followers {
        let is_theirs = |arrived: &&Arrived| follower.id < arrived.before && arrived.topics.contains(&follower.topic);
        let events: Vec<&Envelope> = batch.iter().filter(is_theirs).map(|arrived| &arrived.event).collect();
        if !events.is_empty() && is_there(follower.id) {
            (follower.handler.borrow_mut())(&events);
        }
    }
}

/// Whether the island of a follower is still on the page.
fn is_there(id: u64) -> bool {
    LIVE.with(|live| live.dispatch.followers.borrow().iter().any(|follower| follower.id == id))
}
