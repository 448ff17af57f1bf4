//! Who a client is, proven anew over the connection there is.

use super::{Client, ClientError};
use protocol::{Role, Timestamp};
use serde::Deserialize;
use serde_json::json;

/// Whose token it was, and until when it holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Authenticated {
    pub name: String,
    pub role: Role,
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

impl Client {
    /// Sends a fresh token over the connection there is: nothing is unsubscribed. Done by itself before a token of
    /// [`super::Builder::tokens_from`] ends.
    ///
    /// # Errors
    /// [`ClientError::NoToken`] of a client that was made without; otherwise as [`Client::call`]. A server that refuses
    /// the token closes the connection.
    pub async fn authenticate(&self) -> Result<Authenticated, ClientError> {
        let token = self.token().await.ok_or(ClientError::NoToken)?;
        let answer = self.ask(json!({"type": "authenticate", "token": token})).await?;
        serde_json::from_value(answer).map_err(|_| super::handle::unreadable())
    }
}
