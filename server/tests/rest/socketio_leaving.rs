//! A Socket.IO client that says much and leaves.

use crate::support::TestServer;
use futures::{SinkExt, StreamExt};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio_tungstenite::{connect_async, tungstenite::Message};

const MEMORIES: usize = 1_000;
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn what_was_emitted_before_leaving_is_published() {
    for says_so in [true, false] {
        let server = TestServer::start().await;
        let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket", server.address);
        let (mut client, _) = connect_async(url).await.unwrap();
        for (sent, begins) in [(None, "0{"), (Some("40"), "40{")] {
            if let Some(packet) = sent {
                client.send(Message::text(packet)).await.unwrap();
            }
            let packet = loop {
                match client.next().await.unwrap().unwrap().into_text().unwrap() {
                    ping if ping == "2" => client.send(Message::text("3")).await.unwrap(),
                    packet => break packet,
                }
            };
            assert!(packet.starts_with(begins), "{packet}");
        }
        for n in 0..MEMORIES {
            let memory = json!({"memoryId": format!("m-{n}"), "action": "accessed", "importance": 0.1, "tags": []});
            client.feed(Message::text(format!("42{}", json!(["memory_timeline", memory])))).await.unwrap();
        }
        if says_so {
            client.feed(Message::text("41")).await.unwrap();
        }
        client.close(None).await.unwrap();
        while let Some(Ok(_)) = client.next().await {}

        let asked = Instant::now();
        loop {
            let page = server.read("/api/v1/events?topic=memory_timeline&limit=1000").await.expect(200);
            let count = page["events"].as_array().unwrap().len();
            if count == MEMORIES {
                break;
            }
            assert!(asked.elapsed() < PATIENCE, "says so: {says_so}: {count} of {MEMORIES}");
        }
    }
}
