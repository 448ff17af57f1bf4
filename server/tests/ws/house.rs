//! A server of its own over a log in memory, and clients of it.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

use crate::{memory_log::MemoryLog, raw::RawClient};
use async_trait::async_trait;
use axum::{Router, routing::get};
use futures::{SinkExt, StreamExt};
use hub::{Commands, Hub, HubConfig};
use protocol::{Identity, Position, Problem};
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, protocol::CloseFrame},
};

/// A server of its own on a free port.
pub struct TestServer {
    pub address: SocketAddr,
    pub hub: Arc<Hub>,
    pub log: Arc<MemoryLog>,
}

pub type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl TestServer {
    pub async fn start() -> Self {
        Self::with(HubConfig::default()).await
    }

    pub async fn with(config: HubConfig) -> Self {
        let log = MemoryLog::new("e1");
        let hub = Hub::new(log.clone(), config);
        hub.set_commands(Arc::new(Echo));
        let router = router(hub.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, hub, log }
    }

    /// A client that has read its `hello`.
    pub async fn client(&self) -> Client {
        let (mut client, _) = connect_async(format!("ws://{}/api/ws", self.address)).await.unwrap();
        assert_eq!(next(&mut client).await["type"], "hello");
        client
    }

    pub async fn raw(&self) -> RawClient {
        RawClient::connect(self.address).await
    }

    pub async fn publish(&self, event: impl Into<protocol::Event>) {
        self.hub.publish(self.log.commit(event)).await;
    }

    /// Another client is served as if nothing had happened.
    pub async fn is_unharmed(&self) {
        let mut client = self.client().await;
        send(&mut client, json!({"type": "ping", "id": "well"})).await;
        assert_eq!(next(&mut client).await, json!({"type": "pong", "id": "well"}));
    }
}

pub fn router(hub: Arc<Hub>) -> Router {
    let router = Router::new().route("/api/ws", get(server::ws::upgrade)).with_state(hub);
    // Who the guard would have found it to be.
    router.layer(axum::Extension(Arc::new(Identity::local())))
}

struct Echo;

#[async_trait]
impl Commands for Echo {
    async fn call(&self, _: &Arc<Identity>, method: &str, params: Value) -> Result<Value, Problem> {
        match method {
            "echo" => Ok(params),
            "panic" => panic!("as the test wants"),
            _ => Err(Problem::not_found("method", method, "there is `echo`")),
        }
    }

    async fn publish(&self, _: &Arc<Identity>, messages: Vec<Value>) -> Vec<Result<Option<Position>, Problem>> {
        messages.iter().map(|_| Ok(None)).collect()
    }
}

pub async fn send(client: &mut Client, frame: Value) {
    client.send(Message::text(frame.to_string())).await.unwrap();
}

/// The next frame; pings and pongs are passed over.
pub async fn next(client: &mut Client) -> Value {
    loop {
        match within(client.next()).await.expect("open").unwrap() {
            // Where a catch-up ended: tests of what comes are not about that.
            Message::Text(text) if text.starts_with(r#"{"type":"caught_up""#) => {}
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

pub async fn closed(client: &mut Client) -> Option<CloseFrame> {
    loop {
        match within(client.next()).await {
            Some(Ok(Message::Close(frame))) => return frame,
            Some(Ok(_)) => {}
            Some(Err(error)) => panic!("{error}"),
            None => return None,
        }
    }
}

pub async fn subscribe(client: &mut Client, topics: Value) -> Value {
    send(client, json!({"type": "subscribe", "topics": topics})).await;
    next(client).await
}

/// A wait that is longer than anything here takes, so that a failure is one and not a hang.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("in time")
}
