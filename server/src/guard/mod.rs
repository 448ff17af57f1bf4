//! What stands before every route: which requests are answered at all, and what every answer carries.
//!
//! From outside to inside: [`request_log`], [`headers`], [`refusals`], [`panic`], [`peer`], [`host`], [`origin`], [`identify`],
//! [`concurrency`], [`deadline`], [`body`]. A request that fails one of them never reaches a handler.
//!
//! A web page somebody visits must not be able to register or run a playbook on their loopback: that is what
//! [`host`] (no DNS rebinding) and [`origin`] (no cross-site writes or upgrades) are for.

pub(crate) mod body;
pub(crate) mod concurrency;
pub(crate) mod cors;
pub(crate) mod deadline;
mod gate;
pub(crate) mod headers;
pub(crate) mod host;
pub(crate) mod identify;
pub(crate) mod jwt;
pub(crate) mod origin;
pub(crate) mod panic;
pub(crate) mod peer;
pub(crate) mod refusals;
pub(crate) mod request_log;

mod stack;

pub(crate) use gate::Gate;
pub(crate) use host::AllowedHosts;
pub(crate) use identify::identity;
use identify::surface;
pub(crate) use jwt::Jwt;
pub(crate) use origin::is_of_this_machine;
pub(crate) use peer::{Client, Door, Peer};
pub use refusals::Refusals;
pub(crate) use stack::{Guards, guarded};
