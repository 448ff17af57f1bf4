//! How a client stands with its server.

/// Told by [`super::Client::state`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Connecting,
    /// The server has said hello, and knows who this is.
    Open,
    /// For the next try.
    Waiting,
    /// For good.
    Closed,
}
