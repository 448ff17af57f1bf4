//! `/api/ws` through the whole server: behind the guards, fed by real executions, drained at the end. The protocol
//! itself is tried in `tests/ws.rs`.

use crate::support::{ECHO, TestServer};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

pub(crate) type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(crate) async fn connect(server: &TestServer) -> Client {
    let (mut client, _) = connect_async(format!("ws://{}/api/ws", server.address)).await.expect("an upgrade");
    assert_eq!(next(&mut client).await["type"], "hello");
    client
}

pub(crate) async fn next(client: &mut Client) -> Value {
    loop {
        match client.next().await.expect("a message").expect("no error") {
            // Where a catch-up ended: tests of what comes are not about that.
            Message::Text(text) if text.starts_with(r#"{"type":"caught_up""#) => {}
            Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) async fn send(client: &mut Client, frame: Value) {
    client.send(Message::text(frame.to_string())).await.expect("sent");
}

#[tokio::test]
async fn an_execution_is_seen_live_and_again_from_the_log() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let mut client = connect(&server).await;
    send(&mut client, json!({"type": "subscribe", "topics": ["workflow:tests/echo"]})).await;
    assert_eq!(next(&mut client).await["type"], "subscribed");
    let id = server.submit("tests/echo", json!({})).await;
    loop {
        let frame = next(&mut client).await;
        assert_eq!(frame["event"]["type"], "workflow_execution", "{frame}");
        if frame["event"]["data"]["status"] == "completed" {
            break;
        }
    }

    let topic = format!("execution:{id}");
    send(&mut client, json!({"type": "subscribe", "topics": [{"topic": topic, "after": 0}]})).await;
    let subscribed = next(&mut client).await;
    assert_eq!(subscribed["topics"][0]["recovered"], true, "{subscribed}");
    let mut seen = Vec::new();
    while seen.last().is_none_or(|event: &Value| event["type"] != "execution_complete") {
        seen.push(next(&mut client).await["event"].clone());
    }
    let history = server.read(&format!("/api/v1/executions/{id}/events")).await.expect(200);
    assert_eq!(Value::Array(seen), history["events"]);
}

#[tokio::test]
async fn commands_reach_the_api() {
    let server = TestServer::start().await;
    let mut client = connect(&server).await;
    send(&mut client, json!({"type": "command", "id": 7, "method": "no_such", "params": {}})).await;
    let answer = next(&mut client).await;
    assert_eq!((&answer["type"], &answer["id"], &answer["code"]), (&json!("error"), &json!(7), &json!("not_found")));
    send(&mut client, json!({"type": "command", "id": 8, "method": "topic_events", "params": {"after": "soon"}})).await;
    let answer = next(&mut client).await;
    assert_eq!((&answer["type"], &answer["id"], &answer["code"]), (&json!("error"), &json!(8), &json!("json_shape")));
    assert!(answer["message"].as_str().unwrap().contains("`params`"), "{answer}");
}

#[tokio::test]
async fn credentials_are_kept_by_command_too() {
    let server = TestServer::start().await;
    let mut client = connect(&server).await;
    for (method, params, part) in [
        ("set_credential", json!({"name": "hub", "type": "bearer", "value": {"token": "open-sesame"}}), "/name"),
        ("credentials", json!({}), "/0/name"),
        ("rotate_credentials", json!({}), "/resealed"),
        ("delete_credential", json!({"name": "hub"}), ""),
    ] {
        send(&mut client, json!({"type": "command", "id": method, "method": method, "params": params})).await;
        let answer = next(&mut client).await;
        assert_eq!((&answer["type"], &answer["id"]), (&json!("reply"), &json!(method)), "{answer}");
        assert!(answer["result"].pointer(part).is_some(), "{answer}");
        assert!(!answer.to_string().contains("sesame"), "{answer}");
    }
    assert_eq!(server.read("/api/v1/credentials").await.expect(200), json!([]));
}

#[tokio::test]
async fn messages_are_published_in_their_order_and_reach_who_looks() {
    const MANY: u64 = 300;
    let server = TestServer::start().await;
    let (mut publisher, mut watcher) = (connect(&server).await, connect(&server).await);
    send(&mut watcher, json!({"type": "subscribe", "topics": ["agent:a", "workflow:w"]})).await;
    assert_eq!(next(&mut watcher).await["type"], "subscribed");
    let stage = |n: u64| {
        json!({"type": "workflow_execution", "workflowId": "w", "executionId": "e", "stage": n.to_string(),
            "status": "running", "agentId": "a"})
    };
    for n in 0..MANY {
        send(&mut publisher, json!({"type": "publish", "id": n, "message": stage(n)})).await;
    }
    send(&mut publisher, json!({"type": "publish", "id": "wrong", "message": {"type": "system_alert"}})).await;
    send(
        &mut publisher,
        json!({"type": "publish", "message": {"type": "agent_state", "agentId": "a",
        "status": "idle", "resourceUsage": {"cpu": 1, "memory": 2, "activeConnections": 3}}}),
    )
    .await;
    let mut last = 0;
    for n in 0..MANY {
        let answer = next(&mut publisher).await;
        assert_eq!((&answer["type"], &answer["id"]), (&json!("published"), &json!(n)), "{answer}");
        let position = answer["position"].as_u64().expect("a position");
        assert!(position > last, "{position} after {last}");
        last = position;
    }
    let answer = next(&mut publisher).await;
    assert_eq!(
        (&answer["type"], &answer["id"], &answer["code"]),
        (&json!("error"), &json!("wrong"), &json!("message_invalid"))
    );
    assert!(answer["message"].as_str().unwrap().contains("`severity`"), "{answer}");
    let answer = next(&mut publisher).await;
    assert_eq!(
        (&answer["type"], &answer["id"], &answer["position"]),
        (&json!("published"), &json!(null), &json!(last + 1))
    );
    for n in 0..MANY {
        let frame = next(&mut watcher).await;
        assert_eq!(frame["event"]["data"]["stage"], n.to_string(), "{frame}");
        assert_eq!(
            frame["topics"],
            json!(["workflow_executions", "workflow:w", "workflow:*", "agent:a", "agent:*", "events"])
        );
        assert_eq!(frame["event"]["correlation_id"], "e");
    }
    let frame = next(&mut watcher).await;
    assert_eq!((&frame["event"]["type"], &frame["event"]["position"]), (&json!("agent_state"), &json!(last + 1)));

    // What goes on as before has no position, and reaches who looks all the same.
    send(
        &mut publisher,
        json!({"type": "publish", "id": 1, "message": {"type": "agent_state", "agentId": "a",
        "status": "idle", "resourceUsage": {"cpu": 50, "memory": 2, "activeConnections": 3}}}),
    )
    .await;
    assert_eq!(next(&mut publisher).await, json!({"type": "published", "id": 1, "position": null}));
    let frame = next(&mut watcher).await;
    assert_eq!(
        (&frame["event"]["position"], &frame["event"]["data"]["resourceUsage"]["cpu"]),
        (&json!(null), &json!(50.0))
    );
    assert_eq!(frame["topics"], json!(["agent_states", "agent:a", "agent:*"]));
}

#[tokio::test]
async fn a_half_sent_frame_harms_nobody() {
    let server = TestServer::start().await;
    let mut held = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let handshake = format!(
            "GET /api/ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            server.address
        );
        stream.write_all(handshake.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 101");
        // A text frame of 100 bytes, of which the mask and three bytes come.
        stream.write_all(&[0x81, 0x80 | 100, 1, 2, 3, 4, b'a', b'b', b'c']).await.unwrap();
        held.push(stream);
    }
    server.register(ECHO).await;
    let id = server.submit("tests/echo", json!({})).await;
    assert_eq!(server.ended(&id).await["outcome"], "completed");
    connect(&server).await;
    server.is_unharmed().await;
    drop(held);
    server.stop().await;
}

#[tokio::test]
async fn stopping_tells_clients_first() {
    let server = TestServer::start().await;
    let mut client = connect(&server).await;
    let (http, url) = (server.client.clone(), server.url(""));
    let stopping = tokio::spawn(server.stop());
    let frame = next(&mut client).await;
    assert_eq!(frame["type"], "draining", "{frame}");
    // Who asks now is told to go elsewhere; what is asked is answered still.
    for (path, status) in [("/readyz", 503), ("/healthz", 200), ("/api/v1/health", 200)] {
        let answer = http.get(format!("{url}{path}")).send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{path}");
    }
    assert!(frame["reconnect_after_ms"].is_u64(), "{frame}");
    let close = loop {
        match client.next().await {
            Some(Ok(Message::Close(Some(close)))) => break close,
            Some(Ok(_)) => {}
            other => panic!("no close frame: {other:?}"),
        }
    };
    assert_eq!(u16::from(close.code), protocol::frame::close::DRAINING);
    stopping.await.unwrap();
}
