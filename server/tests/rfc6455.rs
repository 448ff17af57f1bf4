//! RFC 6455 and RFC 7692, byte by byte over a real socket: what the server understands, what it refuses and how it
//! closes.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

#[path = "ws/house.rs"]
mod house;
#[path = "../../crates/hub/tests/memory_log/mod.rs"]
mod memory_log;
#[path = "ws/raw.rs"]
mod raw;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use house::TestServer;
use hub::HubConfig;
use memory_log::alert;
use protocol::frame::close;
use raw::{Closed, RawClient, masked};
use serde_json::{Value, json};

const PING: &[u8] = br#"{"type":"ping","id":1}"#;
const PONG: &[u8] = br#"{"type":"pong","id":1}"#;
const DEFLATE: &str = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

/// A ping of the protocol that is a message of exactly so many bytes.
fn ping_of(bytes: usize) -> Vec<u8> {
    let empty = br#"{"type":"ping","id":1,"x":""}"#.len();
    format!(r#"{{"type":"ping","id":1,"x":"{}"}}"#, "x".repeat(bytes - empty)).into_bytes()
}

fn deflated(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 100);
    Compress::new(Compression::default(), false).compress_vec(text, &mut out, FlushCompress::Sync).unwrap();
    out.truncate(out.len() - 4);
    out
}

fn inflated(payload: &[u8]) -> Vec<u8> {
    let bytes = [payload, &[0, 0, 0xFF, 0xFF]].concat();
    let mut out = Vec::with_capacity(1 << 20);
    Decompress::new(false).decompress_vec(&bytes, &mut out, FlushDecompress::Sync).unwrap();
    out
}

/// The server closes with this code what was written, and nobody else notices.
async fn check_broken(server: &TestServer, name: &str, bytes: &[u8], code: u16) {
    let mut raw = server.raw().await;
    raw.write(bytes).await;
    assert_eq!(raw.closed().await, Closed::With(code), "{name}");
    assert_eq!(raw.try_read().await, None, "{name}: the connection ends behind the close");
}

#[tokio::test]
async fn messages_of_every_encoding_of_length_are_understood() {
    let server = TestServer::start().await;
    let mut raw = server.raw().await;
    for bytes in [29, 125, 126, 127, 65_535, 65_536] {
        raw.frame(0x81, &ping_of(bytes)).await;
        assert_eq!(raw.read().await, (0x81, PONG.to_vec()), "{bytes}");
    }
}

#[tokio::test]
async fn answers_of_every_encoding_of_length_are_sent() {
    let server = TestServer::start().await;
    let mut raw = server.raw().await;
    raw.frame(0x81, br#"{"type":"subscribe","topics":["system_alerts"]}"#).await;
    raw.read().await;
    for bytes in [0, 1_000, 65_000, 70_000, 500_000] {
        server.publish(alert(&"x".repeat(bytes))).await;
        let (first, payload) = raw.read().await;
        let event: Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!((first, event["event"]["data"]["message"].as_str().unwrap().len()), (0x81, bytes));
    }
}

#[tokio::test]
async fn bytes_may_come_one_by_one() {
    let server = TestServer::start().await;
    let mut raw = server.raw().await;
    for byte in [masked(0x01, &PING[..9]), masked(0x89, b"?"), masked(0x80, &PING[9..])].concat() {
        raw.write(&[byte]).await;
    }
    assert_eq!(raw.read().await, (0x8A, b"?".to_vec()));
    assert_eq!(raw.read().await, (0x81, PONG.to_vec()));
}

#[tokio::test]
async fn a_frame_that_comes_with_the_handshake_is_read() {
    let server = TestServer::start().await;
    let early = [masked(0x81, PING), masked(0x81, &PING[..10])[..9].to_vec()].concat();
    let (mut raw, _) = RawClient::connect_asking(server.address, "", &early).await;
    assert_eq!(raw.read().await, (0x81, PONG.to_vec()));
}

#[tokio::test]
async fn fragments_with_control_frames_between_are_one_message() {
    let server = TestServer::start().await;
    let mut raw = server.raw().await;
    // The border between the fragments is within a character.
    let text = r#"{"type":"ping","id":"grüß"}"#.as_bytes();
    raw.frame(0x01, &text[..text.len() - 5]).await;
    raw.frame(0x89, b"are you there").await;
    raw.frame(0x00, b"").await;
    raw.frame(0x8A, b"unasked").await;
    raw.frame(0x00, &text[text.len() - 5..text.len() - 1]).await;
    raw.frame(0x80, &text[text.len() - 1..]).await;
    assert_eq!(raw.read().await, (0x8A, b"are you there".to_vec()));
    assert_eq!(raw.read().await, (0x81, r#"{"type":"pong","id":"grüß"}"#.into()));
}

#[tokio::test]
async fn a_ping_is_answered_with_its_payload() {
    let server = TestServer::start().await;
    let mut raw = server.raw().await;
    for payload in [&b""[..], b"x", &[0, 255, 128], &[b'y'; 125]] {
        raw.frame(0x89, payload).await;
        assert_eq!(raw.read().await, (0x8A, payload.to_vec()));
    }
}

#[tokio::test]
async fn broken_frames_close_with_the_code_of_the_rfc() {
    let server = TestServer::start().await;
    let cases: [(&str, Vec<u8>, u16); 24] = [
        ("unmasked", vec![0x81, 0x02, b'{', b'}'], 1002),
        ("first reserved bit", masked(0xC1, b""), 1002),
        ("second reserved bit", masked(0xA1, b""), 1002),
        ("third reserved bit", masked(0x91, b""), 1002),
        ("reserved bit of a ping", masked(0xC9, b""), 1002),
        ("unknown opcode", masked(0x83, b""), 1002),
        ("unknown control opcode", masked(0x8F, b""), 1002),
        ("continuation of nothing", masked(0x80, b""), 1002),
        ("continuation after a whole message", [masked(0x81, PING), masked(0x80, b"")].concat(), 1002),
        ("a message within a message", [masked(0x01, b"a"), masked(0x81, b"b")].concat(), 1002),
        ("fragmented ping", masked(0x09, b""), 1002),
        ("fragmented close", masked(0x08, b""), 1002),
        ("ping of 126 bytes", masked(0x89, &[0; 126]), 1002),
        ("length in too many bytes", vec![0x81, 0xFE, 0, 5, 0, 0, 0, 0], 1002),
        ("length with its first bit set", vec![0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1002),
        ("half a close code", masked(0x88, &[3]), 1002),
        ("close code 0", masked(0x88, &[0, 0]), 1002),
        ("close code 1005", masked(0x88, &[3, 237]), 1002),
        ("close code 2999", masked(0x88, &2999_u16.to_be_bytes()), 1002),
        ("close code 5000", masked(0x88, &5000_u16.to_be_bytes()), 1002),
        ("reason that is not UTF-8", masked(0x88, &[3, 232, 0xC3, 0x28]), 1007),
        ("text that is not UTF-8", masked(0x81, &[0xC3, 0x28]), 1007),
        ("text that ends within a character", masked(0x81, &[b'a', 0xE2, 0x82]), 1007),
        ("surrogates over fragments", [masked(0x01, &[0xED]), masked(0x80, &[0xA0, 0x80])].concat(), 1007),
    ];
    for (name, bytes, code) in cases {
        check_broken(&server, name, &bytes, code).await;
    }
    server.is_unharmed().await;
}

#[tokio::test]
async fn what_is_wrong_is_told_before_the_rest_has_come() {
    let server = TestServer::start().await;
    // 60,000 bytes were announced and never come.
    let mut long = masked(0x81, &[0xFF; 60_000]);
    long.truncate(9);
    check_broken(&server, "the first byte is no UTF-8", &long, 1007).await;
    check_broken(&server, "an opcode alone", &[0x83], 1002).await;
    check_broken(&server, "a second fragment", &[masked(0x01, "ü".as_bytes()), masked(0x00, &[0xC0])].concat(), 1007)
        .await;
    check_broken(&server, "an announced length", &[0x81, 0xFF, 0, 0, 0, 0, 1, 0x31, 0x2D, 0, 1, 2, 3, 4], 1009).await;
    server.is_unharmed().await;
}

#[tokio::test]
async fn messages_over_the_limit_close_with_1009() {
    let server = TestServer::start().await;
    check_broken(&server, "one frame", &masked(0x81, &ping_of(65_537)), 1009).await;
    let fragments = [masked(0x01, &[b'x'; 40_000]), masked(0x80, &[b'x'; 40_000])].concat();
    check_broken(&server, "two fragments", &fragments, 1009).await;
    server.is_unharmed().await;
}

#[tokio::test]
async fn the_close_of_a_client_is_answered_with_its_code() {
    let server = TestServer::start().await;
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 3000, 3999, 4000, 4999] {
        let mut raw = server.raw().await;
        raw.frame(0x88, &[&u16::to_be_bytes(code)[..], b"good bye"].concat()).await;
        assert_eq!(raw.read().await, (0x88, u16::to_be_bytes(code).to_vec()));
        assert_eq!(raw.try_read().await, None, "the server ends the connection first");
    }
    let mut raw = server.raw().await;
    raw.frame(0x88, b"").await;
    assert_eq!(raw.read().await, (0x88, Vec::new()));
    assert_eq!(raw.try_read().await, None);
}

#[tokio::test]
async fn nothing_is_read_behind_a_close_and_answers_come_before_it() {
    let server = TestServer::start().await;
    let mut raw = server.raw().await;
    raw.write(&[masked(0x81, PING), masked(0x88, &1000_u16.to_be_bytes()), masked(0x81, PING)].concat()).await;
    assert_eq!(raw.read().await, (0x81, PONG.to_vec()));
    assert_eq!(raw.closed().await, Closed::With(1000));
    assert_eq!(raw.try_read().await, None);
}

#[tokio::test]
async fn the_close_of_the_server_waits_for_the_clients() {
    let server = TestServer::with(HubConfig { drain_window_ms: 1, ..HubConfig::default() }).await;
    let mut raw = server.raw().await;
    let hub = server.hub.clone();
    let draining = tokio::spawn(async move { hub.drain().await });
    assert_eq!(raw.closed().await, Closed::With(close::DRAINING));
    // What was on its way is no reason to answer.
    raw.frame(0x81, PING).await;
    raw.frame(0x88, &close::DRAINING.to_be_bytes()).await;
    assert_eq!(raw.try_read().await, None);
    draining.await.unwrap();
}

#[tokio::test]
async fn compression_is_agreed_on_and_used_both_ways() {
    let server = TestServer::start().await;
    let (mut raw, head) = RawClient::connect_asking(server.address, DEFLATE, b"").await;
    let agreed = "sec-websocket-extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    assert!(head.to_ascii_lowercase().contains(agreed), "{head}");
    let subscribe = json!({"type": "subscribe", "topics": ["system_alerts"], "why": "x".repeat(3_000)}).to_string();
    let packed = deflated(subscribe.as_bytes());
    raw.frame(0x41, &packed[..5]).await;
    raw.frame(0x89, b"between").await;
    raw.frame(0x80, &packed[5..]).await;
    assert_eq!(raw.read().await, (0x8A, b"between".to_vec()));
    assert_eq!(raw.read().await.0, 0x81, "a short answer is not compressed");

    // The same event twice: no context is kept, so each can be read alone.
    for _ in 0..2 {
        server.publish(alert(&"much the same, ".repeat(100))).await;
        let (first, payload) = raw.read().await;
        assert!(first == 0xC1 && payload.len() < 500, "{first:#x}: {} bytes", payload.len());
        let event: Value = serde_json::from_slice(&inflated(&payload)).unwrap();
        assert_eq!(event["event"]["data"]["message"].as_str().unwrap().len(), 1_500);
    }
}

#[tokio::test]
async fn compression_that_was_not_agreed_on_is_an_error() {
    let server = TestServer::start().await;
    let asked = "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9\r\n";
    let (mut raw, head) = RawClient::connect_asking(server.address, asked, b"").await;
    assert!(!head.to_ascii_lowercase().contains("sec-websocket-extensions"), "{head}");
    raw.frame(0x81, br#"{"type":"subscribe","topics":["system_alerts"]}"#).await;
    raw.read().await;
    server.publish(alert(&"x".repeat(5_000))).await;
    assert_eq!(raw.read().await.0, 0x81);
    raw.frame(0xC1, &deflated(PING)).await;
    assert_eq!(raw.closed().await, Closed::With(1002));
}

#[tokio::test]
async fn compressed_messages_that_are_too_large_or_no_text_close_the_connection() {
    let server = TestServer::start().await;
    let bomb = deflated(&ping_of(20 << 20));
    assert!(bomb.len() < 65_536, "{}", bomb.len());
    for (name, frame, code) in [
        ("a bomb", masked(0xC1, &bomb), 1009),
        ("noise", masked(0xC1, &[0xFF; 100]), 1007),
        ("no UTF-8", masked(0xC1, &deflated(&[0xC3, 0x28])), 1007),
        ("a compressed ping", masked(0xC9, b""), 1002),
        ("a compressed continuation", [masked(0x41, b""), masked(0xC0, b"")].concat(), 1002),
    ] {
        let (mut raw, _) = RawClient::connect_asking(server.address, DEFLATE, b"").await;
        raw.write(&frame).await;
        assert_eq!(raw.closed().await, Closed::With(code), "{name}");
    }
    server.is_unharmed().await;
}
