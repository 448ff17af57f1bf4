//! `/api/ws` over real sockets: the protocol as a client sees it, and what broken clients get.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

#[path = "ws/batch.rs"]
mod batch;
#[path = "ws/house.rs"]
mod house;
#[path = "../../crates/hub/tests/memory_log/mod.rs"]
mod memory_log;
#[path = "ws/raw.rs"]
mod raw;

use futures::{SinkExt, StreamExt};
use house::{TestServer, closed, next, router, send, subscribe, within};
use hub::{Hub, HubConfig};
use memory_log::{MemoryLog, alert, memory, step};
use protocol::frame::close;
use raw::Closed;
use serde_json::json;
use tokio_tungstenite::{
    client_async, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

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
    assert_eq!(event["topics"], json!(["memory_timeline", "agent:a", "agent:*", "events"]));
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

/// Where the HTTP server has wrapped the socket (as TLS does), the hub cannot write to it itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_socket_that_is_not_tcp_everything_is_the_same() {
    let log = MemoryLog::new("e1");
    let hub = Hub::new(log.clone(), HubConfig::default());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let routes = router(hub.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });

    let stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    let (mut client, _) = client_async("ws://127.0.0.1/api/ws", stream).await.unwrap();
    let frame = async |client: &mut tokio_tungstenite::WebSocketStream<_>| loop {
        match within(client.next()).await.expect("open").unwrap() {
            Message::Text(text) => return serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(frame(&mut client).await["type"], "hello");
    client.send(Message::text(r#"{"type":"subscribe","topics":["system_alerts"]}"#)).await.unwrap();
    assert_eq!(frame(&mut client).await["type"], "subscribed");
    // More than the queue and the buffers hold together.
    let text = "x".repeat(8 << 10);
    for _ in 0..1_000 {
        hub.publish(log.commit(alert(&text))).await;
    }
    within(async {
        while hub.health().catch_ups == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for position in 1..=1_000 {
        assert_eq!(frame(&mut client).await["event"]["position"], position);
    }
    client.send(Message::Close(None)).await.unwrap();
    assert!(matches!(within(client.next()).await, Some(Ok(Message::Close(None)))));
    assert!(within(client.next()).await.is_none());
    within(async {
        while hub.health().connections > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
