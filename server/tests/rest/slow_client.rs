//! Clients that stop in the middle keep nobody else waiting.

use crate::support::TestServer;
use tokio::{io::AsyncWriteExt, net::TcpStream};

#[tokio::test]
async fn half_a_request_blocks_nobody() {
    let server = TestServer::start().await;
    let mut held = Vec::new();
    let post =
        format!("POST /api/v1/playbooks HTTP/1.1\r\nHost: {}\r\nContent-Type: application/yaml\r\n", server.address);
    for half in [
        "G".to_owned(),
        "GET / HTTP/1.1\r\nHos".to_owned(),
        format!("{post}Content-Length: 500\r\n\r\nwork"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\n5\r\nwo"),
    ] {
        for _ in 0..25 {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            stream.write_all(half.as_bytes()).await.unwrap();
            held.push(stream);
        }
    }
    server.is_unharmed().await;
    // And nobody waits for them at shutdown.
    server.stop().await;
    drop(held);
}
