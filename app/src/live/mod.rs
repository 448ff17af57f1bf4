//! The live side of a page: one socket and one store for the whole visit, alive over navigation.
//!
//! What decides is pure and takes `now` ([`link`], [`subscriptions`], [`backoff`]); `browser` does what they say.
//! Markup declares topics (`data-topic`, with the position it was rendered at in `data-after`, and the page's
//! `data-epoch` says of which log); islands follow a topic and get its events in batches, in order. On the server all of this is inert.
//!
//! Absences: no island opens a socket; sockets write no DOM; nothing here knows a page.

mod clock;
mod link_state;

#[cfg(any(test, feature = "hydrate"))]
mod backoff;
#[cfg(any(test, feature = "hydrate"))]
mod link;
#[cfg(any(test, feature = "hydrate"))]
mod subscriptions;

#[cfg(feature = "hydrate")]
mod browser;
#[cfg(not(feature = "hydrate"))]
mod server;

pub(crate) use clock::Clock;
pub(crate) use clock::use_clock;
pub(crate) use link_state::LinkState;

#[cfg(feature = "hydrate")]
use browser as side;
#[cfg(not(feature = "hydrate"))]
use server as side;

pub(crate) use side::follow;
pub(crate) use side::is_at_top;
pub(crate) use side::now;
pub(crate) use side::offset_minutes;
pub(crate) use side::release_with;
pub(crate) use side::to_top;
pub(crate) use side::use_link;
pub(crate) use side::use_now;

#[cfg(feature = "hydrate")]
pub use browser::start;
