//! How large a message is taken in, by who sends it.

use super::{
    people::{EVERYBODY, sign_in, token},
    raw::{Closed, RawClient, masked},
};
use crate::support::TestServer;
use flate2::{Compress, Compression, FlushCompress};
use protocol::frame::close;
use serde_json::{Value, json};

/// More than a client may send.
const BULK: usize = 70_000;

async fn worker(server: &TestServer, lines: &str) -> RawClient {
    let asked = format!("Sec-WebSocket-Protocol: signalbox.worker\r\n{lines}");
    let (client, head) = RawClient::connect_asking(server.address, &asked, b"").await;
    assert!(head.to_ascii_lowercase().contains("sec-websocket-protocol: signalbox.worker"), "{head}");
    client
}

fn bulk() -> Vec<u8> {
    json!({"type": "ping", "id": 1, "bulk": "x".repeat(BULK)}).to_string().into_bytes()
}

async fn asked(client: &mut RawClient, frame: Value) -> Value {
    client.frame(0x81, frame.to_string().as_bytes()).await;
    serde_json::from_slice(&client.read().await.1).unwrap()
}

#[tokio::test]
async fn the_subprotocol_of_workers_gives_nobody_larger_messages() {
    let server = TestServer::start_guarded(&EVERYBODY, |_| ()).await;
    let mut plain = worker(&server, "").await;
    plain.try_write(&masked(0x81, &bulk())).await;
    assert_eq!(plain.closed().await, Closed::With(1009));

    // Only the header: it says 20 MB will come, and none is waited for.
    let mut half = worker(&server, "").await;
    half.write(&[0x81, 0xFF, 0, 0, 0, 0, 1, 0x31, 0x2D, 0, 1, 2, 3, 4]).await;
    assert_eq!(half.closed().await, Closed::With(1009));

    let mut small = worker(&server, "Sec-WebSocket-Extensions: permessage-deflate\r\n").await;
    let zeros = format!("[{}0]", "0,".repeat(BULK));
    let mut bytes = Vec::with_capacity(zeros.len());
    Compress::new(Compression::best(), false).compress_vec(zeros.as_bytes(), &mut bytes, FlushCompress::Sync).unwrap();
    bytes.truncate(bytes.len() - 4);
    assert!(bytes.len() < 1_000);
    small.frame(0xC1, &bytes).await;
    assert_eq!(small.closed().await, Closed::With(1009));

    // What fits and is no proof ends it at once.
    for first in ["[0,0]", "no json"] {
        let mut hasty = worker(&server, "").await;
        hasty.frame(0x81, first.as_bytes()).await;
        let told: Value = serde_json::from_slice(&hasty.read().await.1).unwrap();
        assert_eq!(told["code"], "unauthenticated", "{first}");
        assert_eq!(hasty.closed().await, Closed::With(close::UNAUTHENTICATED));
    }
    assert_eq!(server.read("/healthz").await.status, 200);
}

#[tokio::test]
async fn who_may_take_tasks_may_send_large_messages_and_nobody_else() {
    let server = TestServer::start_guarded(&EVERYBODY, |_| ()).await;
    let admin = sign_in(&server, "ann").await;
    let component = token(&server, &admin, json!({"name": "gpu", "role": "component"})).await;
    let viewer = token(&server, &admin, json!({"name": "look", "role": "viewer"})).await;
    for (secret, is_taken) in [(&component, true), (&viewer, false)] {
        let by_header = worker(&server, &format!("Authorization: Bearer {secret}\r\n")).await;
        let mut by_frame = worker(&server, "").await;
        let told = asked(&mut by_frame, json!({"type": "authenticate", "token": secret})).await;
        assert_eq!(told["type"], "authenticated");
        for mut client in [by_header, by_frame] {
            client.try_write(&masked(0x81, &bulk())).await;
            if is_taken {
                let pong: Value = serde_json::from_slice(&client.read().await.1).unwrap();
                assert_eq!(pong, json!({"type": "pong", "id": 1}));
            } else {
                assert_eq!(client.closed().await, Closed::With(1009));
            }
        }
    }
    // A client is one, whoever it is of.
    let lines = format!("Authorization: Bearer {component}\r\n");
    let (mut client, _) = RawClient::connect_asking(server.address, &lines, b"").await;
    client.try_write(&masked(0x81, &bulk())).await;
    assert_eq!(client.closed().await, Closed::With(1009));
}
