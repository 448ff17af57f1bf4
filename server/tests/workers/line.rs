//! A worker as a stranger would write it: frames over a WebSocket.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{collections::VecDeque, time::Duration};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::Request},
};

const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Line {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Tasks that were read while something else was waited for.
    tasks: VecDeque<Value>,
}

/// The handshake of a worker.
pub(crate) fn handshake(url: &str) -> Request<()> {
    let mut request = format!("{}/api/ws", url.replace("http://", "ws://")).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "signalbox.worker".parse().unwrap());
    request
}

pub(crate) async fn open(request: Request<()>) -> Result<Line, Error> {
    connect_async(request).await.map(|(socket, _)| Line { socket, tasks: VecDeque::new() })
}

impl Line {
    /// Connected, `hello` read.
    pub(crate) async fn connect(url: &str) -> Self {
        let mut line = open(handshake(url)).await.unwrap();
        assert_eq!(line.next().await["type"], "hello");
        line
    }

    /// Connected and taken in; with the name it got.
    pub(crate) async fn join(url: &str, protocols: &[&str], concurrency: u32) -> (Self, String) {
        let mut line = Self::connect(url).await;
        line.send(json!({"type": "worker_join", "name": "raw", "protocols": protocols, "concurrency": concurrency}))
            .await;
        let joined = line.next().await;
        assert_eq!(joined["type"], "worker_joined", "{joined}");
        (line, joined["worker"].as_str().unwrap().to_owned())
    }

    pub(crate) async fn send(&mut self, frame: Value) {
        self.text(&frame.to_string()).await;
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn next(&mut self) -> Value {
        loop {
            match tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a frame").unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(close) => panic!("closed: {close:?}"),
                _ => {}
            }
        }
    }

    /// The next tasks' keys.
    pub(crate) async fn tasks(&mut self) -> Vec<Value> {
        let frame = match self.tasks.pop_front() {
            Some(frame) => frame,
            None => self.next().await,
        };
        assert_eq!(frame["type"], "worker_tasks", "{frame}");
        frame["leases"].as_array().unwrap().iter().map(|lease| lease["task"]["key"].clone()).collect()
    }

    /// Reports a task as completed; the keys that were acknowledged.
    pub(crate) async fn report(&mut self, key: &Value, result: Value) -> Value {
        let report = json!({"key": key, "outcome": "completed", "result": result, "duration_ms": 1});
        self.send(json!({"type": "worker_reports", "id": "r", "reports": [report]})).await;
        loop {
            let frame = self.next().await;
            if frame["type"] == "worker_reported" {
                assert_eq!(frame["id"], "r");
                return frame["settled"].clone();
            }
            // A task that follows may be sent before it is said that the one before is durable.
            assert_eq!(frame["type"], "worker_tasks", "{frame}");
            self.tasks.push_back(frame);
        }
    }

    /// The code of the close that comes.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a close");
            if let Message::Close(close) = next.expect("a close").unwrap() {
                return close.expect("a reason").code.into();
            }
        }
    }
}
