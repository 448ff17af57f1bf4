//! What clients send, understood byte by byte: RFC 6455, with messages compressed as RFC 7692 says.
//!
//! Our own, since tungstenite reads no compressed messages, and holds buffers for connections that are silent: here
//! an idle connection holds none. A state machine without I/O: bytes in, messages out, in pieces of any size; wrong
//! UTF-8, wrong frames and messages over the limit are found as soon as the bytes that make them so are there.

mod close;
mod header;
mod inflate;
mod reader;
mod unmask;

pub(super) use reader::Incoming;
pub(super) use reader::Reader;

/// The client broke the rules: it is to be told with this close code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) code: u16,
    pub(super) reason: &'static str,
}

impl Broken {
    fn protocol(reason: &'static str) -> Self {
        Self { code: 1002, reason }
    }

    fn payload(reason: &'static str) -> Self {
        Self { code: 1007, reason }
    }

    fn too_large() -> Self {
        Self { code: 1009, reason: "the message is larger than limits.frame_bytes" }
    }
}
