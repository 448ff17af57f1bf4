//! Stopping and starting again on the same folder.

use crate::{
    socket::{Client, connect, next, send},
    support::{BLOCKING, ECHO, TestServer},
};
use futures::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn what_was_there_is_there_again_and_what_ran_goes_on() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    server.register(BLOCKING).await;
    let ended = server.submit("tests/echo", json!({"word": "kept"})).await;
    let before = server.ended(&ended).await;
    let running = server.submit("tests/blocking", json!({})).await;
    server.execution_when(&running, |execution| execution["status"] == "in_progress").await;

    let folder = server.stop().await;
    let server = TestServer::start_in(folder).await;
    assert_eq!(server.ended(&ended).await, before);
    let still = server.read(&format!("/api/v1/executions/{running}")).await.expect(200);
    assert_eq!(still["status"], "in_progress");
    server.send_json(&format!("/api/v1/executions/{running}/cancel"), &json!({})).await.expect(200);
    assert_eq!(server.ended(&running).await["outcome"], "cancelled");
}

/// What one of many clients has seen.
struct Watcher {
    socket: Client,
    position: u64,
    seen: Vec<u64>,
    was_warned: bool,
}

impl Watcher {
    async fn start(server: &TestServer, after: u64) -> Self {
        let mut socket = connect(server).await;
        let topics = json!([{"topic": "memory_timeline", "after": after}]);
        send(&mut socket, json!({"type": "subscribe", "topics": topics})).await;
        let mut watcher = Self { socket, position: after, seen: Vec::new(), was_warned: false };
        loop {
            let frame = next(&mut watcher.socket).await;
            if watcher.take(Message::text(frame.to_string())) {
                return watcher;
            }
        }
    }

    /// True for `subscribed`.
    fn take(&mut self, message: Message) -> bool {
        let Message::Text(text) = message else { return false };
        let frame: Value = serde_json::from_str(&text).unwrap();
        match frame["type"].as_str() {
            Some("event") => {
                let position = frame["event"]["position"].as_u64().expect("a durable event");
                assert!(position > self.position, "{position} after {}", self.position);
                self.position = position;
                self.seen.push(frame["event"]["data"]["importance"].as_f64().unwrap() as u64);
            }
            Some("draining") => self.was_warned = true,
            _ => {}
        }
        frame["type"] == "subscribed"
    }

    /// Reads to the end; the close code.
    async fn read_to_its_end(&mut self) -> u16 {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Close(close))) => return close.expect("a reason").code.into(),
                Some(Ok(message)) => drop(self.take(message)),
                other => panic!("no close frame: {other:?}"),
            }
        }
    }
}

/// Two hundred clients are told, and closed in batches, while somebody goes on publishing; then they come back to the
/// next server, and each has seen everything that was accepted, once and in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_with_two_hundred_clients_loses_no_event() {
    const CLIENTS: usize = 200;
    let server = TestServer::start().await;
    let mut watchers = Vec::new();
    for _ in 0..CLIENTS {
        watchers.push(Watcher::start(&server, 0).await);
    }
    let (url, http) = (server.url("/api/v1/events"), server.client.clone());
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let publishing = tokio::spawn(async move {
        let mut begun = Some(begun);
        for n in 0.. {
            let memory = json!({"type": "memory_timeline", "memoryId": "m", "action": "updated", "importance": n,
                "tags": []});
            let answer = http.post(&url).json(&memory).send().await;
            if !answer.is_ok_and(|answer| answer.status() == 201) {
                return n;
            }
            if n == 20
                && let Some(begun) = begun.take()
            {
                begun.send(()).unwrap();
            }
        }
        unreachable!("it stops when the server has stopped");
    });
    has_begun.await.unwrap();
    let stopping = tokio::spawn(server.stop());
    let mut ends = tokio::task::JoinSet::new();
    for mut watcher in watchers {
        ends.spawn(async move { (watcher.read_to_its_end().await, watcher) });
    }
    let mut watchers = Vec::new();
    while let Some(ended) = ends.join_next().await {
        let (code, watcher) = ended.unwrap();
        assert_eq!((code, watcher.was_warned), (protocol::frame::close::DRAINING, true));
        watchers.push(watcher);
    }
    let accepted: u64 = publishing.await.unwrap();
    let server = TestServer::start_in(stopping.await.unwrap()).await;
    let head = server.read("/api/v1/health").await.expect(200)["position"].as_u64().unwrap();
    assert!(head >= accepted, "{head} of {accepted}: what was accepted is there");
    for watcher in &watchers {
        let mut back = Watcher::start(&server, watcher.position).await;
        while back.position < head {
            let frame = next(&mut back.socket).await;
            back.take(Message::text(frame.to_string()));
        }
        let seen: Vec<u64> = watcher.seen.iter().chain(&back.seen).copied().collect();
        assert_eq!(seen, (0..head).collect::<Vec<_>>());
    }
}
