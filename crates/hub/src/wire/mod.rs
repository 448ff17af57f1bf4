//! Bytes on the wire: messages as frames of RFC 6455, built once and shared, and the socket they are written to.
//!
//! Only what a server sends is here. What clients send is understood where the socket is, in the server.

mod batch;
mod deflate;
mod frame;
mod port;
mod reads;

pub(crate) use batch::joined;
pub(crate) use frame::Frame;
pub(crate) use frame::close;
pub(crate) use frame::ping;
pub(crate) use frame::pong;
pub use port::Wire;
pub use reads::Reads;
