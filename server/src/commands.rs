//! What `command` frames of the WebSocket reach: the same API as REST.

use async_trait::async_trait;
use hub::Commands;
use protocol::Problem;
use runtime::Api;
use serde_json::Value;

pub(crate) struct SocketCommands(pub(crate) Api);

#[async_trait]
impl Commands for SocketCommands {
    async fn call(&self, method: &str, params: Value) -> Result<Value, Problem> {
        self.0.command(method, params).await
    }
}
