//! The runtime: every use case ([`Api`]) and what keeps executions moving.
//!
//! One flow (design §3): an input reaches the [`driver`], which loads, folds, lets the engine decide, commits the
//! decision, and only then hands out its tasks; the [`publisher`] tells the hub what was committed, in position
//! order.
//!
//! Absences: no HTTP, no SQL, no screens. Decisions are the engine's; this crate loads, commits, publishes.

mod access;
mod admission;
mod alerts;
mod api;
mod catalog;
pub mod credentials;
mod definitions;
mod driver;
mod environment;
mod housekeeping;
mod layout;
mod log;
mod membership;
mod patience;
mod publisher;
mod schedules;
mod start;
mod streams;
mod sweeper;
mod telemetry;
mod workers;

pub use api::Api;
pub use api::Delivery;
pub use api::SignedIn;
pub use environment::{Environment, SystemEnvironment};
pub use housekeeping::Retention;
pub use log::StoreLog;
pub use membership::Membership;
pub use start::{Parts, Runtime};
pub use streams::{Streams, Trouble, Troubles};
pub use telemetry::{Figures, Histogram};
