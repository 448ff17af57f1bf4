//! `/api/ws` over real sockets: the protocol as a client sees it, and what broken clients get.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

#[path = "../../crates/hub/tests/memory_log/mod.rs"]
mod memory_log;
#[path = "ws/raw.rs"]
mod raw;

use async_trait::async_trait;
use axum::{Router, routing::get};
use futures::{SinkExt, StreamExt};
use hub::{Commands, Hub, HubConfig};
use memory_log::{MemoryLog, alert, memory, step};
use protocol::{Identity, Position, Problem, frame::close};
use raw::{Closed, RawClient};
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, protocol::CloseFrame},
};

/// A server of its own on a free port.
struct TestServer {
    address: SocketAddr,
    hub: Arc<Hub>,
    log: Arc<MemoryLog>,
}

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl TestServer {
    async fn start() -> Self {
        Self::with(HubConfig::default()).await
    }

    async fn with(config: HubConfig) -> Self {
        let log = MemoryLog::new("e1");
        let hub = Hub::new(log.clone(), config);
        hub.set_commands(Arc::new(Echo));
        let router = Router::new().route("/api/ws", get(server::ws::upgrade)).with_state(hub.clone());
        // Who the guard would have found it to be.
        let router = router.layer(axum::Extension(Arc::new(Identity::local())));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, hub, log }
    }

    /// A client that has read its `hello`.
    async fn client(&self) -> Client {
        let (mut client, _) = connect_async(format!("ws://{}/api/ws", self.address)).await.unwrap();
        assert_eq!(next(&mut client).await["type"], "hello");
        client
    }

    async fn raw(&self) -> RawClient {
        RawClient::connect(self.address).await
    }

    async fn publish(&self, event: impl Into<protocol::Event>) {
        self.hub.publish(self.log.commit(event)).await;
    }

    /// Another client is served as if nothing had happened.
    async fn is_unharmed(&self) {
        let mut client = self.client().await;
        send(&mut client, json!({"type": "ping", "id": "well"})).await;
        assert_eq!(next(&mut client).await, json!({"type": "pong", "id": "well"}));
    }
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

async fn send(client: &mut Client, frame: Value) {
    client.send(Message::text(frame.to_string())).await.unwrap();
}

/// The next frame; pings and pongs are passed over.
async fn next(client: &mut Client) -> Value {
    loop {
        match within(client.next()).await.expect("open").unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn closed(client: &mut Client) -> Option<CloseFrame> {
    loop {
        match within(client.next()).await {
            Some(Ok(Message::Close(frame))) => return frame,
            Some(Ok(_)) => {}
            Some(Err(error)) => panic!("{error}"),
            None => return None,
        }
    }
}

async fn subscribe(client: &mut Client, topics: Value) -> Value {
    send(client, json!({"type": "subscribe", "topics": topics})).await;
    next(client).await
}

/// A wait that is longer than anything here takes, so that a failure is one and not a hang.
async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("in time")
}

#[tokio::test]
async fn hello_tells_epoch_client_and_limits() {
    let server = TestServer::start().await;
    let (mut client, response) = connect_async(format!("ws://{}/api/ws", server.address)).await.unwrap();
    assert_eq!(response.status(), 101);
    let hello = next(&mut client).await;
    assert_eq!(hello["epoch"], "e1");
    assert!(hello["client"].as_str().unwrap().parse::<protocol::ClientId>().is_ok());
    let limits = json!({"frame_bytes": 65536, "topics": 1000, "queue_bytes": 1048576, "idle_timeout_ms": 90000});
    assert_eq!(hello["limits"], limits);
}

#[tokio::test]
async fn subscribers_get_the_events_of_their_topics_with_all_topics_named() {
    let server = TestServer::start().await;
    let mut alerts = server.client().await;
    let mut agent = server.client().await;
    let answer = subscribe(&mut alerts, json!(["system_alerts"])).await;
    let expected =
        json!({"type": "subscribed", "topics": [{"topic": "system_alerts", "position": 0, "recovered": false}]});
    assert_eq!(answer, expected);
    subscribe(&mut agent, json!(["agent:a", "memory_timeline"])).await;
    server.publish(memory("a")).await;
    server.publish(alert("one")).await;
    let event = next(&mut agent).await;
    assert_eq!(event["topics"], json!(["memory_timeline", "agent:a", "events"]));
    assert_eq!(event["event"]["position"], 1);
    assert_eq!(event["event"]["type"], "memory_timeline");
    let event = next(&mut alerts).await;
    assert_eq!(event["event"]["data"]["message"], "one");
    // One frame for two topics: nothing else came meanwhile.
    send(&mut agent, json!({"type": "ping"})).await;
    assert_eq!(next(&mut agent).await, json!({"type": "pong"}));
}

#[tokio::test]
async fn the_plain_subscribe_of_the_plan_works_as_written() {
    let server = TestServer::start().await;
    let mut client = server.client().await;
    client.send(Message::text(r#"{"type": "subscribe", "topics": ["thread:45"]}"#)).await.unwrap();
    assert_eq!(next(&mut client).await["topics"][0]["topic"], "thread:45");
    client.send(Message::text(r#"{"type": "unsubscribe", "topics": ["thread:12"]}"#)).await.unwrap();
    assert_eq!(next(&mut client).await, json!({"type": "unsubscribed", "topics": ["thread:12"]}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_comes_back_misses_nothing() {
    let server = TestServer::start().await;
    let mut client = server.client().await;
    subscribe(&mut client, json!(["events"])).await;
    server.publish(step(1, "p")).await;
    assert_eq!(next(&mut client).await["event"]["position"], 1);
    drop(client);
    for number in 0..300 {
        server.publish(step(number % 3, "p")).await;
    }
    let mut client = server.client().await;
    let answer = subscribe(&mut client, json!([{"topic": "events", "after": 1, "epoch": "e1"}])).await;
    assert_eq!(answer["topics"][0]["recovered"], true);
    server.publish(step(1, "p")).await;
    for position in 2..=302 {
        assert_eq!(next(&mut client).await["event"]["position"], position);
    }
}

#[tokio::test]
async fn a_position_of_another_epoch_is_a_gap() {
    let server = TestServer::start().await;
    server.publish(alert("one")).await;
    let mut client = server.client().await;
    let answer = subscribe(&mut client, json!([{"topic": "events", "after": 9, "epoch": "before"}])).await;
    assert_eq!(answer["topics"][0]["recovered"], false);
    let gap = json!({"type": "gap", "topic": "events", "from": 9, "to": 1, "reason": "epoch"});
    assert_eq!(next(&mut client).await, gap);
    server.publish(alert("two")).await;
    assert_eq!(next(&mut client).await["event"]["position"], 2);
}

#[tokio::test]
async fn commands_are_answered_by_id() {
    let server = TestServer::start().await;
    let mut client = server.client().await;
    send(&mut client, json!({"type": "command", "id": 7, "method": "echo", "params": {"a": [1]}})).await;
    assert_eq!(next(&mut client).await, json!({"type": "reply", "id": 7, "result": {"a": [1]}}));
    send(&mut client, json!({"type": "command", "id": "x", "method": "dance"})).await;
    let error = next(&mut client).await;
    assert_eq!((&error["type"], &error["id"], &error["code"]), (&json!("error"), &json!("x"), &json!("not_found")));
    send(&mut client, json!({"type": "command", "id": 8, "method": "panic"})).await;
    assert_eq!(next(&mut client).await["code"], "internal");
    server.is_unharmed().await;
}

#[tokio::test]
async fn input_that_is_no_json_is_answered_and_repeated_ends_the_connection() {
    let server = TestServer::start().await;
    let mut client = server.client().await;
    client.send(Message::text("{no json")).await.unwrap();
    assert_eq!(next(&mut client).await["code"], "invalid_json");
    client.send(Message::binary(vec![0_u8, 159])).await.unwrap();
    assert_eq!(next(&mut client).await["code"], "binary");
    for _ in 0..10 {
        client.send(Message::text(r#"{"type":"dance"}"#)).await.unwrap();
    }
    assert_eq!(u16::from(closed(&mut client).await.unwrap().code), close::INVALID);
    server.is_unharmed().await;
}

#[tokio::test]
async fn a_frame_over_the_limit_closes_with_1009() {
    let server = TestServer::start().await;
    let mut client = server.client().await;
    let _ = client.send(Message::text("x".repeat(65_537))).await;
    assert_eq!(u16::from(closed(&mut client).await.unwrap().code), 1009);
    server.is_unharmed().await;

    let mut raw = server.raw().await;
    // Only the header: it says 20 MB will come.
    raw.write(&[0x81, 0xFF, 0, 0, 0, 0, 1, 0x31, 0x2D, 0, 1, 2, 3, 4]).await;
    assert_eq!(raw.closed().await, Closed::With(1009));
    server.is_unharmed().await;
}

#[tokio::test]
async fn a_message_over_the_limit_in_small_fragments_closes_with_1009() {
    let server = TestServer::start().await;
    let mut raw = server.raw().await;
    raw.frame(0x01, &[b'x'; 40_000]).await;
    raw.frame(0x80, &[b'x'; 40_000]).await;
    assert_eq!(raw.closed().await, Closed::With(1009));
    server.is_unharmed().await;
}

#[tokio::test]
async fn fragments_with_a_ping_between_are_one_message() {
    let server = TestServer::start().await;
    let mut raw = server.raw().await;
    raw.frame(0x01, br#"{"type":"pi"#).await;
    raw.frame(0x89, b"are you there").await;
    raw.frame(0x80, br#"ng","id":1}"#).await;
    assert_eq!(raw.read().await, (0x8A, b"are you there".to_vec()));
    assert_eq!(raw.read().await, (0x81, br#"{"type":"pong","id":1}"#.to_vec()));
}

#[tokio::test]
async fn broken_frames_close_with_the_code_of_the_rfc() {
    let server = TestServer::start().await;
    let cases: [(&str, &[u8], u16); 6] = [
        ("unmasked", &[0x81, 0x02, b'{', b'}'], 1002),
        ("reserved bit", &[0xC1, 0x80, 0, 0, 0, 0], 1002),
        ("unknown opcode", &[0x83, 0x80, 0, 0, 0, 0], 1002),
        ("continuation of nothing", &[0x80, 0x80, 0, 0, 0, 0], 1002),
        ("fragmented ping", &[0x09, 0x80, 0, 0, 0, 0], 1002),
        ("no UTF-8", &[0x81, 0x82, 0, 0, 0, 0, 0xC3, 0x28], 1007),
    ];
    for (name, bytes, code) in cases {
        let mut raw = server.raw().await;
        raw.write(bytes).await;
        assert_eq!(raw.closed().await, Closed::With(code), "{name}");
    }
    server.is_unharmed().await;
}

#[tokio::test]
async fn a_half_sent_frame_ends_with_the_idle_timeout() {
    let mut config = HubConfig::default();
    config.limits.idle_timeout_ms = 200;
    let server = TestServer::with(config).await;
    let mut raw = server.raw().await;
    raw.write(&[0x81, 0xFE, 0x10, 0x00, 1, 2, 3, 4, b'{']).await;
    assert_eq!(raw.closed().await, Closed::With(close::IDLE));
    drop(raw);
    server.hub.shutdown().await;
}

#[tokio::test]
async fn a_client_that_only_answers_pings_stays() {
    let mut config = HubConfig::default();
    config.limits.idle_timeout_ms = 400;
    let server = TestServer::with(config).await;
    let mut client = server.client().await;
    // Twelve pings are three idle timeouts; tungstenite answers them by itself.
    for _ in 0..12 {
        let message = within(client.next()).await.expect("open").unwrap();
        assert!(matches!(message, Message::Ping(_)), "{message:?}");
    }
}

#[tokio::test]
async fn the_close_of_a_client_is_answered_and_frees_its_place() {
    let server = TestServer::start().await;
    let mut raw = server.raw().await;
    assert_eq!(server.hub.health().connections, 1);
    raw.frame(0x88, &1000_u16.to_be_bytes()).await;
    assert_eq!(raw.closed().await, Closed::With(1000));
    let abrupt = server.raw().await;
    drop(abrupt);
    within(async {
        while server.hub.health().connections > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(server.hub.health().handshakes, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_is_served_from_the_log_when_it_does() {
    let server = TestServer::start().await;
    let mut client = server.client().await;
    subscribe(&mut client, json!(["system_alerts"])).await;
    // More than the queue and the kernel's buffers hold together.
    let text = "x".repeat(8 << 10);
    const EVENTS: u64 = 3_000;
    for _ in 0..EVENTS {
        server.publish(alert(&text)).await;
    }
    within(async {
        while server.hub.health().catch_ups == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for position in 1..=EVENTS {
        assert_eq!(next(&mut client).await["event"]["position"], position);
    }
    server.publish(alert("live again")).await;
    assert_eq!(next(&mut client).await["event"]["data"]["message"], "live again");
}

#[tokio::test]
async fn draining_is_announced_and_new_clients_are_turned_away() {
    let server = TestServer::with(HubConfig { drain_window_ms: 100, ..HubConfig::default() }).await;
    let mut clients = Vec::new();
    for _ in 0..30 {
        clients.push(server.client().await);
    }
    let hub = server.hub.clone();
    let draining = tokio::spawn(async move { hub.drain().await });
    for client in &mut clients {
        let frame = next(client).await;
        assert_eq!(frame["type"], "draining");
        assert!(frame["reconnect_after_ms"].as_u64().unwrap() >= 500);
        assert_eq!(u16::from(closed(client).await.unwrap().code), close::DRAINING);
    }
    within(draining).await.unwrap();
    match connect_async(format!("ws://{}/api/ws", server.address)).await {
        Err(Error::Http(response)) => {
            assert_eq!(response.status(), 503);
            assert!(response.headers().contains_key("retry-after"));
        }
        other => panic!("{other:?}"),
    }
    server.hub.shutdown().await;
    assert_eq!(server.hub.health().connections, 0);
}

#[tokio::test]
async fn a_request_that_is_no_handshake_gets_a_client_error() {
    let server = TestServer::start().await;
    for head in [
        "GET /api/ws HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /api/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    ] {
        let status = raw::status(server.address, head).await;
        assert!((400..500).contains(&status), "{status}: {head}");
    }
    server.is_unharmed().await;
}

#[tokio::test]
async fn the_subprotocol_of_workers_is_agreed_on_and_allows_large_messages() {
    let server = TestServer::start().await;
    for asked in ["signalbox.worker", "soap, signalbox.worker"] {
        let mut request = format!("ws://{}/api/ws", server.address).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", asked.parse().unwrap());
        let (mut client, response) = connect_async(request).await.unwrap();
        assert_eq!(response.headers()["sec-websocket-protocol"], "signalbox.worker");
        let frame_bytes = next(&mut client).await["limits"]["frame_bytes"].as_u64().unwrap();
        assert_eq!(frame_bytes, 20 << 20);
        let bulk = "x".repeat(usize::try_from(frame_bytes).unwrap() - 100);
        send(&mut client, json!({"type": "ping", "id": 1, "bulk": bulk})).await;
        assert_eq!(next(&mut client).await, json!({"type": "pong", "id": 1}));
    }
}
