//! A client that sends bytes, not messages: what a broken client does, no library does.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const HANDSHAKE: &str = "GET /api/ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct RawClient {
    stream: TcpStream,
}

/// How the server ended the connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    With(u16),
    WithoutAWord,
}

impl RawClient {
    /// Connected, upgraded, `hello` read.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::connect_asking(address, "", b"").await.0
    }

    /// The same with more lines in the handshake, and with bytes sent behind it at once. Also the server's answer.
    pub(crate) async fn connect_asking(address: SocketAddr, lines: &str, early: &[u8]) -> (Self, String) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let host = format!("Host: {address}\r\n");
        let request = [HANDSHAKE.as_bytes(), host.as_bytes(), lines.as_bytes(), b"\r\n", early].concat();
        stream.write_all(&request).await.unwrap();
        let head = head(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let mut client = Self { stream };
        let (first, hello) = client.read().await;
        assert_eq!(first, 0x81);
        assert!(hello.starts_with(br#"{"type":"hello""#));
        (client, head)
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// False: the server has ended the connection. What it says is not read.
    pub(crate) async fn try_write(&mut self, bytes: &[u8]) -> bool {
        let written = timeout(PATIENCE, self.stream.write_all(bytes)).await;
        tokio::task::yield_now().await;
        matches!(written, Ok(Ok(())))
    }

    /// One masked frame; `first` is its first byte: FIN, reserved bits and opcode.
    pub(crate) async fn frame(&mut self, first: u8, payload: &[u8]) {
        self.write(&masked(first, payload)).await;
    }

    /// The next frame: first byte and payload.
    pub(crate) async fn read(&mut self) -> (u8, Vec<u8>) {
        self.try_read().await.expect("a frame")
    }

    /// Reads up to the close frame.
    pub(crate) async fn closed(&mut self) -> Closed {
        loop {
            match self.try_read().await {
                Some((0x88, payload)) => return Closed::With(u16::from_be_bytes([payload[0], payload[1]])),
                Some(_) => {}
                None => return Closed::WithoutAWord,
            }
        }
    }

    /// The next frame, or `None` at the end of the connection.
    pub(crate) async fn try_read(&mut self) -> Option<(u8, Vec<u8>)> {
        timeout(PATIENCE, async {
            let first = self.stream.read_u8().await.ok()?;
            let length = match self.stream.read_u8().await.ok()? {
                126 => u64::from(self.stream.read_u16().await.ok()?),
                127 => self.stream.read_u64().await.ok()?,
                length => u64::from(length),
            };
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.stream.read_exact(&mut payload).await.ok()?;
            Some((first, payload))
        })
        .await
        .expect("in time")
    }
}

/// A masked frame's bytes.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match u16::try_from(payload.len()) {
        Ok(len) if len < 126 => bytes.push(0x80 | len as u8),
        Ok(len) => {
            bytes.push(0x80 | 126);
            bytes.extend(len.to_be_bytes());
        }
        Err(_) => {
            bytes.push(0x80 | 127);
            bytes.extend((payload.len() as u64).to_be_bytes());
        }
    }
    let mask = [7, 11, 13, 17];
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// The status of the answer to a request that is no handshake.
pub(crate) async fn status(address: SocketAddr, request: &str) -> u16 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    head(&mut stream).await.split(' ').nth(1).unwrap().parse().unwrap()
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(PATIENCE, stream.read_u8()).await.expect("in time").unwrap());
    }
    String::from_utf8(head).unwrap()
}
