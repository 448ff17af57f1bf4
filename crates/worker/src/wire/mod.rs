//! What a worker and a listener have in common: where the socket is, opening it, and coming back.

mod address;
mod backoff;
mod socket;

pub(crate) use address::socket as address;
pub(crate) use backoff::{Backoff, jittered};
pub(crate) use socket::{Refused, Socket, is_terminal, open, refused};
