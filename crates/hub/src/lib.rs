//! The hub: bus, topics, sessions and catch-up.
//!
//! # The way of an event
//! The publisher hands committed events over in position order ([`Hub::publish`]). The hub's task takes up to 64 as
//! a turn, frames each once (RFC 6455), looks up the subscribers of their topics, and joins what goes to one
//! connection; those who get the same get the same bytes. Of a connection whose socket it knows ([`Wire`],
//! [`Outbound::over`]) and for which nothing waits, the task writes the bytes itself, with one call; what the socket
//! does not take goes to the connection's outbox, and the connection's own task writes it when it can ([`Wired`]).
//! Without a socket everything goes to the outbox, and is pulled ([`Outbound::next`]).
//!
//! # Why resume is exact
//! Let the *head* be the position up to which the hub's task has fanned events out. Only that task changes the
//! head, the topic table and whether a connection is attached to the live stream, and it does so between
//! turns, an event and its projections being in one turn. Each subscription has a position up to which its
//! client has everything; `subscribe` sets it (`after`), and it only ever grows:
//!
//! 1. *Attached.* At the moment of attaching, the head is H. The live lane gets every event of the topic above
//!    H, in order, and none below: the task stages them, and stages nothing twice. The log serves what is up to
//!    H and nothing else; pages are cut there. While pages are read the live lane waits, so what is above H
//!    follows what is below. Nothing is missing (the two ranges touch), double (they do not overlap) or out of
//!    order (one after the other).
//! 2. *A published event is in the log*, so a page read after attaching reaches H. A page that does not is an
//!    error and read again.
//! 3. *Cut.* When the live lane holds too much or for too long, it is dropped whole. What the socket took is a
//!    prefix: whoever writes holds the connection's lock, the hub's task only when no lane and no begun frame waits,
//!    and of what it began the frame, with all of that position, is finished whatever is dropped behind it. So
//!    everything up to R, the position before the first dropped event, was given or will be first. All topics then
//!    stand at R, or where their running catch-up stands, and the log serves them from there, with no upper
//!    end, until a page was not full; then the hub's task attaches the connection again (1), H being its head
//!    at that moment. If the log was read beyond H already, H is where the reading stands, and live events up
//!    to there are ignored; for this client that H is the head, also when it subscribes to more.
//! 4. *Several topics at once* are merged by position (`connection::catch_up`), since a frame names all topics of
//!    its event and the client routes it to all it subscribed to: an event is given only when every topic that is
//!    behind is known up to it. So for each topic the events above its position come in order, and a client that
//!    drops what it has by position sees each once.
//! 5. *If the log cannot serve a topic*, the client is told `gap` from where the topic stood to the head, at once,
//!    before a frame of another topic that names this one takes the client beyond it; the topic goes on from there. If the publisher left positions out, every connection is cut at the head before.
//!
//! `tests/history.rs` checks this on random histories, over sockets that take what they like;
//! `server/tests/history.rs` on real servers that are killed, and cut off from Redis.
//!
//! Absences: this crate knows no store (it reads the log through [`Log`]), no HTTP and no socket type of its
//! own, and nothing of how clients' frames are read; the session is a state machine without I/O or clock; nothing here has an unbounded queue.

mod bus;
mod config;
mod connection;
mod encode;
mod holders;
mod hub;
mod ports;
pub mod redis;
pub mod session;
mod wire;
mod workers;

pub use config::HubConfig;
pub use config::MetricBuffers;
pub use connection::Inbound;
pub use connection::Lost;
pub use connection::Outbound;
pub use connection::Outgoing;
pub use connection::Sending;
pub use connection::Wired;
pub use hub::Draining;
pub use hub::Hub;
pub use ports::Authenticator;
pub use ports::Bus;
pub use ports::BusMessage;
pub use ports::BusState;
pub use ports::Commands;
pub use ports::Log;
pub use ports::LogUnavailable;
pub use ports::Page;
pub use wire::Reads;
pub use wire::Wire;
pub use workers::Gone;
pub use workers::JoinedWorker;
pub use workers::Kind;
pub use workers::Line;
pub use workers::Workers;
