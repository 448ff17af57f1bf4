//! One client's side of the protocol as a state machine.
//!
//! Input: messages, signs of life and ticks, each with `now`. Output: what to send, ask of the hub, or that
//! the connection ends. Absences: no I/O, no clock, no async, no randomness; it does not know positions or the
//! log, which are the hub's.

mod budget;
mod door;
mod limits;
mod machine;
mod parse;
mod worker;

pub use door::EXPIRED;
pub use door::UNPROVEN;
pub use machine::Close;
pub use machine::GOING_AWAY;
pub use machine::Output;
pub use machine::Resume;
pub use machine::Session;
