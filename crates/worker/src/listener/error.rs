//! What can go wrong with a client.

/// A command, subscription or message that was refused, or lost on the way; or a client that cannot connect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    #[error("`{0}` is no address of a server; expected a URL such as http://127.0.0.1:9999")]
    Address(String),
    /// The server's answer; `code` is of docs/errors.md. `temporary`: the same may succeed later.
    #[error("{message} ({code})")]
    Refused { code: String, message: String, temporary: bool },
    /// It may have been done or not.
    #[error("the connection broke before the answer came")]
    Disconnected,
    /// [`super::Client::authenticate`] of a client that has none.
    #[error("the client was made without a token")]
    NoToken,
    /// For good: closed, or the server does not want this client.
    #[error("the client is closed: {0}")]
    Closed(String),
}
