//! Several frames in one message: the subprotocol `signalbox.batch`.

use crate::{
    house::{TestServer, within},
    memory_log::{alert, step},
    raw::{Closed, RawClient, masked},
};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use protocol::frame::close;
use serde_json::{Value, json};

const BATCH: &str = "Sec-WebSocket-Protocol: signalbox.batch\r\n";
const DEFLATE: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

/// What is written at once, at most.
const MESSAGE_BYTES: usize = 64 << 10;

async fn connect(server: &TestServer, lines: &str) -> RawClient {
    RawClient::connect_asking(server.address, lines, b"").await.0
}

async fn batching(server: &TestServer) -> RawClient {
    connect(server, BATCH).await
}

/// The frames of the next message, and whether it came compressed.
async fn message(client: &mut RawClient) -> (bool, Vec<Value>) {
    let (first, mut payload) = client.read().await;
    if first == 0xC1 {
        let mut text = Vec::with_capacity(1 << 20);
        payload.extend([0, 0, 0xFF, 0xFF]);
        Decompress::new(false).decompress_vec(&payload, &mut text, FlushDecompress::Sync).unwrap();
        payload = text;
    } else {
        assert_eq!(first, 0x81);
    }
    let lines = payload.split(|byte| *byte == b'\n');
    (first == 0xC1, lines.map(|line| serde_json::from_slice(line).unwrap()).collect())
}

/// The next so many frames, in however many messages.
async fn frames(client: &mut RawClient, count: usize) -> Vec<Value> {
    let mut frames = Vec::new();
    while frames.len() < count {
        frames.extend(message(client).await.1);
    }
    assert_eq!(frames.len(), count, "{frames:?}");
    frames
}

async fn subscribe(client: &mut RawClient, topics: Value) {
    client.frame(0x81, json!({"type": "subscribe", "topics": topics}).to_string().as_bytes()).await;
    assert_eq!(frames(client, 1).await[0]["type"], "subscribed");
}

/// So many alerts, published as one turn.
async fn publish(server: &TestServer, texts: &[&str]) {
    let events = texts.iter().flat_map(|text| server.log.commit(alert(text))).collect();
    server.hub.publish(events).await;
}

fn texts(frames: &[Value]) -> Vec<&str> {
    frames.iter().map(|frame| frame["event"]["data"]["message"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn who_asks_gets_it_and_the_first_that_is_known_counts() {
    let server = TestServer::start().await;
    for (asked, agreed) in [
        ("signalbox.batch", Some("signalbox.batch")),
        ("bearer, signalbox.batch", Some("signalbox.batch")),
        ("signalbox.batch, signalbox.worker", Some("signalbox.batch")),
        ("signalbox.worker, signalbox.batch", Some("signalbox.worker")),
        ("signalbox.batches", None),
    ] {
        let line = format!("Sec-WebSocket-Protocol: {asked}\r\n");
        let (mut client, head) = RawClient::connect_asking(server.address, &line, b"").await;
        let head = head.to_ascii_lowercase();
        let told = head.lines().find_map(|line| line.strip_prefix("sec-websocket-protocol: "));
        assert_eq!(told, agreed, "{asked}");
        // Nobody else may send two at once.
        client.frame(0x81, b"{\"type\":\"ping\",\"id\":1}\n{\"type\":\"ping\",\"id\":2}").await;
        if agreed == Some("signalbox.batch") {
            let pongs = [json!({"type": "pong", "id": 1}), json!({"type": "pong", "id": 2})];
            assert_eq!(frames(&mut client, 2).await, pongs);
        } else {
            assert_eq!(frames(&mut client, 1).await[0]["code"], "invalid_json");
        }
    }
}

#[tokio::test]
async fn what_is_published_together_is_one_message_for_who_asked_and_several_for_others() {
    let server = TestServer::start().await;
    let (mut one, mut each) = (batching(&server).await, connect(&server, "").await);
    for client in [&mut one, &mut each] {
        subscribe(client, json!(["system_alerts"])).await;
    }
    publish(&server, &["a", "b\nc", "d"]).await;
    let (_, together) = message(&mut one).await;
    assert_eq!(texts(&together), ["a", "b\nc", "d"], "a line has an end only behind a frame");
    let mut alone = Vec::new();
    for _ in 0..3 {
        let (_, mut frame) = message(&mut each).await;
        assert_eq!(frame.len(), 1);
        alone.append(&mut frame);
    }
    assert_eq!(alone, together);
    publish(&server, &["e"]).await;
    assert_eq!(texts(&message(&mut one).await.1), ["e"]);
}

#[tokio::test]
async fn frames_of_one_message_are_done_in_order_and_a_bad_line_harms_no_other() {
    let server = TestServer::start().await;
    let mut client = batching(&server).await;
    let message = [
        "",
        r#"{"type":"subscribe","id":"s","topics":["system_alerts"]}"#,
        "{\"type\":\"ping\",\"id\":1}\r",
        r#"{"type":"ping","id":"#,
        "   ",
        r#"{"type":"dance","id":2}"#,
        r#"{"type":"unsubscribe","id":"u","topics":["agent:a"]}"#,
        r#"{"type":"command","id":3,"method":"echo","params":{"a":"\n"}}"#,
        "",
    ];
    client.frame(0x81, message.join("\n").as_bytes()).await;
    let told = frames(&mut client, 6).await;
    // Of different kinds, answers may overtake each other.
    let of =
        |key: &str, value: Value| told.iter().find(|frame| frame[key] == value).unwrap_or_else(|| panic!("{told:?}"));
    assert_eq!(of("id", json!(1))["type"], "pong");
    assert_eq!(of("id", json!("s"))["type"], "subscribed");
    assert_eq!(of("id", json!("u"))["type"], "unsubscribed");
    assert_eq!(of("id", json!(3))["result"], json!({"a": "\n"}));
    let broken = of("code", json!("invalid_json"))["message"].as_str().unwrap();
    assert!(broken.starts_with("line 4: ") && broken.ends_with("at column 20"), "{broken}");
    let unknown = of("id", json!(2));
    assert_eq!(unknown["code"], "unknown_type");
    assert!(unknown["message"].as_str().unwrap().starts_with("line 6: field `type`"), "{unknown}");
    publish(&server, &["x"]).await;
    assert_eq!(texts(&frames(&mut client, 1).await), ["x"]);

    // Without a frame it is a sign of life and nothing else.
    client.frame(0x81, b"\n\n").await;
    client.frame(0x81, b"").await;
    client.frame(0x81, br#"{"type":"ping"}"#).await;
    assert_eq!(frames(&mut client, 1).await, [json!({"type": "pong"})]);
}

#[tokio::test]
async fn limits_count_each_frame_of_a_message() {
    let server = TestServer::start().await;
    let lines = |line: &str, count: usize| masked(0x81, vec![line; count].join("\n").as_bytes());
    let change = r#"{"type":"unsubscribe","topics":["events","agent_states","memory_timeline","components"]}"#;
    for (name, bytes, code) in [
        ("pings", lines(r#"{"type":"ping"}"#, 151), close::FLOODING),
        ("commands", lines(r#"{"type":"command","id":1,"method":"echo"}"#, 151), close::FLOODING),
        ("subscription changes", lines(change, 551), close::FLOODING),
        ("nonsense", lines("{", 11), close::INVALID),
        ("bytes", lines(&format!(r#"{{"type":"ping","bulk":"{}"}}"#, "x".repeat(9_000)), 8), 1009),
    ] {
        let mut client = batching(&server).await;
        // Of more than fits the server reads no more.
        client.try_write(&bytes).await;
        assert_eq!(client.closed().await, Closed::With(code), "{name}");
    }
    // What is allowed is done.
    let mut client = batching(&server).await;
    client.write(&lines(r#"{"type":"ping"}"#, 101)).await;
    let told = frames(&mut client, 101).await;
    assert!(told[..100].iter().all(|frame| frame["type"] == "pong"));
    assert_eq!(told[100]["code"], "rate_limited");
    assert!(told[100]["message"].as_str().unwrap().starts_with("line 101: "), "{}", told[100]);
    server.is_unharmed().await;
}

#[tokio::test]
async fn what_is_compressed_is_a_message_of_its_own_both_ways() {
    let server = TestServer::start().await;
    let mut client = connect(&server, &format!("{BATCH}{DEFLATE}")).await;
    let asked = "{\"type\":\"subscribe\",\"topics\":[\"system_alerts\"]}\n{\"type\":\"ping\",\"id\":1}";
    let mut bytes = Vec::with_capacity(1 << 10);
    Compress::new(Compression::best(), false).compress_vec(asked.as_bytes(), &mut bytes, FlushCompress::Sync).unwrap();
    bytes.truncate(bytes.len() - 4);
    client.frame(0xC1, &bytes).await;
    let answers = frames(&mut client, 2).await;
    assert!(answers.iter().any(|frame| frame["type"] == "subscribed"), "{answers:?}");
    assert!(answers.iter().any(|frame| frame["type"] == "pong"), "{answers:?}");

    let large = "much the same ".repeat(200);
    publish(&server, &["a", "b", &large, "c", "d"]).await;
    for expect in [(false, vec!["a", "b"]), (true, vec![&large]), (false, vec!["c", "d"])] {
        let (is_compressed, frames) = message(&mut client).await;
        assert_eq!((is_compressed, texts(&frames)), expect);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_catch_up_comes_in_few_messages_none_too_large_and_nothing_is_missing() {
    const EVENTS: u64 = 3_000;
    let server = TestServer::start().await;
    for number in 0..EVENTS {
        let large = "x".repeat(2 * MESSAGE_BYTES);
        let event =
            if number == 700 { server.log.commit(alert(&large)) } else { server.log.commit(step(number % 3, "p")) };
        server.hub.publish(event).await;
    }
    for lines in [BATCH.to_owned(), format!("{BATCH}{DEFLATE}")] {
        let mut client = connect(&server, &lines).await;
        subscribe(&mut client, json!([{"topic": "events", "after": 0, "epoch": "e1"}])).await;
        let (mut seen, mut messages) = (Vec::new(), 0);
        while seen.len() < EVENTS as usize {
            let (_, frames) = within(message(&mut client)).await;
            messages += 1;
            let bytes: usize = frames.iter().map(|frame| frame.to_string().len() + 1).sum();
            assert!(frames.len() == 1 || bytes <= MESSAGE_BYTES + 1, "{} frames of {bytes}", frames.len());
            seen.extend(frames.iter().map(|frame| frame["event"]["position"].as_u64().unwrap()));
        }
        assert_eq!(seen, (1..=EVENTS).collect::<Vec<_>>());
        assert!(messages < EVENTS / 10, "{messages}");
        client.frame(0x81, br#"{"type":"ping"}"#).await;
        let end = json!({"type": "caught_up", "position": EVENTS});
        assert_eq!(frames(&mut client, 2).await, [end, json!({"type": "pong"})]);
    }
}
