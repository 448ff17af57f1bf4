//! Who publishes: a thread with a connection of its own, one batch at a time, as other programs do: few messages over a
//! WebSocket, as peers are given all of theirs, many in one request.

use super::{cores, dialect::Dialect, frames};
use anyhow::{Context, bail, ensure};
use protocol::{
    Timestamp,
    event::{MemoryAction, MemoryTimeline},
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::mpsc,
    thread::JoinHandle,
    time::Duration,
};

/// Bytes of a message: of an event's `data`, or of what a peer is given.
pub(super) const PAYLOAD: usize = 256;
/// A server that does not answer for so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the product is given messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A `publish` frame each, those of a batch written together.
    Socket,
    /// `POST /api/v1/events`, a batch each.
    Request,
}

pub(super) struct Publisher {
    batches: mpsc::Sender<usize>,
    answers: mpsc::Receiver<anyhow::Result<u64>>,
    thread: JoinHandle<()>,
    /// Batches not answered yet.
    waiting: usize,
}

impl Publisher {
    pub(super) fn start(dialect: Dialect, way: Way, address: SocketAddr) -> anyhow::Result<Self> {
        let mut line = Line::connect(dialect, way, address)?;
        let (batches, asked) = mpsc::channel::<usize>();
        let (answer, answers) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            if let Err(error) = cores::pin(cores::CLIENTS) {
                let _ = answer.send(Err(error));
                return;
            }
            for count in asked {
                if answer.send(line.publish(count)).is_err() {
                    return;
                }
            }
        });
        Ok(Self { batches, answers, thread, waiting: 0 })
    }

    /// Publishes so many together. Does not wait.
    pub(super) fn publish(&mut self, count: usize) -> anyhow::Result<()> {
        self.waiting += 1;
        self.batches.send(count).context("the publisher has ended")
    }

    /// The number of the last message of a batch that was published meanwhile.
    pub(super) fn published(&mut self) -> anyhow::Result<Option<u64>> {
        match self.answers.try_recv() {
            Ok(answer) => {
                self.waiting -= 1;
                answer.map(Some)
            }
            Err(mpsc::TryRecvError::Empty) => Ok(None),
            Err(mpsc::TryRecvError::Disconnected) => bail!("the publisher has ended"),
        }
    }

    /// Waits until everything was published; the number of the last message.
    pub(super) fn finish(&mut self) -> anyhow::Result<u64> {
        let mut last = 0;
        while self.waiting > 0 {
            last = self.answers.recv_timeout(PATIENCE).context("publishing takes too long")??.max(last);
            self.waiting -= 1;
        }
        Ok(last)
    }

    pub(super) fn is_free(&self) -> bool {
        self.waiting == 0
    }

    pub(super) fn stop(self) {
        drop(self.batches);
        // It has nothing to say any more.
        let _ = self.thread.join();
    }
}

struct Line {
    dialect: Dialect,
    way: Way,
    address: SocketAddr,
    stream: BufReader<TcpStream>,
    number: u64,
}

impl Line {
    fn connect(dialect: Dialect, way: Way, address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut line = Self { dialect, way, address, stream: BufReader::new(stream), number: 0 };
        if (dialect, way) == (Dialect::Signalbox, Way::Request) {
            return Ok(line);
        }
        line.write(&dialect.handshake(address))?;
        line.head()?;
        match dialect {
            Dialect::Signalbox => drop(line.hear(br#"{"type":"hello""#)?),
            Dialect::SocketIo => {
                line.hear(b"0{")?;
                line.write(&frames::message(1, b"40"))?;
                line.hear(b"40{")?;
            }
            Dialect::Ws => {}
        }
        Ok(line)
    }

    fn publish(&mut self, count: usize) -> anyhow::Result<u64> {
        match self.dialect {
            Dialect::Signalbox if self.way == Way::Request => self.post(count),
            Dialect::Signalbox => self.say(count),
            Dialect::Ws | Dialect::SocketIo => self.send(count),
        }
    }

    /// `POST /api/v1/events`; the position of the last.
    fn post(&mut self, count: usize) -> anyhow::Result<u64> {
        let body = serde_json::to_vec(&vec![message()?; count])?;
        let (address, length) = (self.address, body.len());
        let head = format!(
            "POST /api/v1/events HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        self.write(&[head.as_bytes(), &body].concat())?;
        let head = self.head()?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).context("no length")?;
        let mut body = vec![0; length.trim().parse()?];
        self.stream.read_exact(&mut body)?;
        ensure!(head.starts_with("http/1.1 201"), "publishing failed: {}", String::from_utf8_lossy(&body));
        let published: Value = serde_json::from_slice(&body)?;
        published["position"].as_u64().context("what is published here is kept, and has a position")
    }

    /// `publish` frames; the position of the last.
    fn say(&mut self, count: usize) -> anyhow::Result<u64> {
        let mut bytes = Vec::new();
        for id in 1..=count {
            let frame = json!({"type": "publish", "id": id, "message": message()?});
            bytes.extend(frames::message(1, frame.to_string().as_bytes()));
        }
        self.write(&bytes)?;
        let mut last = None;
        for _ in 0..count {
            let answer: Value = serde_json::from_slice(&self.hear(br#"{"type":"published""#)?)?;
            last = answer["position"].as_u64();
        }
        last.context("what is published here is kept, and has a position")
    }

    fn send(&mut self, count: usize) -> anyhow::Result<u64> {
        let mut bytes = Vec::new();
        for _ in 0..count {
            self.number += 1;
            let empty = json!({"n": self.number, "p": ""}).to_string().len();
            let payload = json!({"n": self.number, "p": "x".repeat(PAYLOAD - empty)}).to_string();
            let text = match self.dialect {
                Dialect::SocketIo => format!(r#"42["pub","t",{payload}]"#),
                _ => payload,
            };
            bytes.extend(frames::message(1, text.as_bytes()));
        }
        self.write(&bytes)?;
        Ok(self.number)
    }

    fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.stream.get_mut().write_all(bytes).context("the server is gone")
    }

    /// Waits for the next message, which begins so.
    fn hear(&mut self, beginning: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).context("the server is silent")?;
            bytes.push(byte[0]);
            match frames::first(&bytes) {
                Some((1, payload, _)) => {
                    ensure!(payload.starts_with(beginning), "unexpected: {}", String::from_utf8_lossy(payload));
                    return Ok(payload.to_vec());
                }
                // Who publishes all the time is not taken for gone, whether it answers pings or not.
                Some(_) => bytes.clear(),
                None => {}
            }
        }
    }

    /// The head of an answer, in small letters.
    fn head(&mut self) -> anyhow::Result<String> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            ensure!(self.stream.read_line(&mut head)? > 0, "the server closed the connection");
        }
        Ok(head.to_ascii_lowercase())
    }
}

/// A message of the product whose `data` has as many bytes as the peers' messages. It is kept, so it has a position.
fn message() -> anyhow::Result<Value> {
    let data = |content: String| MemoryTimeline {
        memory_id: "m".to_owned(),
        action: MemoryAction::Created,
        content: Some(content),
        importance: 0.5,
        tags: Vec::new(),
        agent_id: None,
        timestamp: Timestamp(1_763_712_000_000),
    };
    let empty = serde_json::to_vec(&data(String::new()))?.len();
    let mut message = serde_json::to_value(data("x".repeat(PAYLOAD.saturating_sub(empty))))?;
    message["type"] = "memory_timeline".into();
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_the_bytes_of_the_peers() {
        let mut data = message().expect("a message");
        data.as_object_mut().expect("an object").remove("type");
        assert_eq!(data.to_string().len(), PAYLOAD);
    }
}
