//! Worker processes: the real binary as server and as worker, over real sockets; and workers as a stranger would
//! write them, frame by frame. And the same crate's clients, which listen, publish and call.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod client;
mod frames;
mod house;
mod lease;
mod leaving;
mod line;
mod streams;
#[path = "../support/mod.rs"]
mod support;
mod work;
