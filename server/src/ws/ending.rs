//! How the reading side of a connection ended.

use tungstenite::{Error, error::ProtocolError};

/// Why there is nothing more to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The client closed, or its connection broke.
    Gone,
    /// The client broke the rules: it is to be told with this close code.
    Broken { code: u16, reason: &'static str },
}

impl Ending {
    /// tungstenite finds protocol errors but leaves it to us to tell the client.
    pub(super) fn of(error: axum::Error) -> Self {
        match error.into_inner().downcast_ref::<Error>() {
            Some(Error::Capacity(_)) => {
                Ending::Broken { code: 1009, reason: "the message is larger than limits.frame_bytes" }
            }
            Some(Error::Utf8(_)) => Ending::Broken { code: 1007, reason: "text messages are UTF-8" },
            Some(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => Ending::Gone,
            Some(Error::Protocol(_)) => Ending::Broken { code: 1002, reason: "not a frame of RFC 6455" },
            _ => Ending::Gone,
        }
    }
}
