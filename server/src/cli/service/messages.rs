//! What programs publish.

use super::{embedded::Embedded, remote::Remote};
use async_trait::async_trait;
use protocol::{Problem, api::Published};
use serde_json::Value;

#[async_trait]
pub(in crate::cli) trait Messages {
    async fn publish(&self, messages: Vec<Value>) -> Result<Published, Problem>;
}

#[async_trait]
impl Messages for Embedded {
    async fn publish(&self, messages: Vec<Value>) -> Result<Published, Problem> {
        self.api.publish(messages).await
    }
}

#[async_trait]
impl Messages for Remote {
    async fn publish(&self, messages: Vec<Value>) -> Result<Published, Problem> {
        self.send("events", &messages).await
    }
}
