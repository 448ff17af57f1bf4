//! The physical limit: a thread that does nothing but send, on the server's core, to clients like the others', frames
//! like the others'.

use super::{
    cores,
    crowd::Crowd,
    dialect::{Dialect, TOPIC},
    frames,
};
use anyhow::{Context, ensure};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
    thread::JoinHandle,
    time::Duration,
};

/// Clients that connect together: fewer than the listener's backlog, beyond which some would wait for seconds.
const TOGETHER: usize = 100;
/// A client that has not asked by then has failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// Digits of a message's number.
const DIGITS: usize = 15;

pub(super) struct Limit {
    orders: mpsc::Sender<Order>,
    done: mpsc::Receiver<anyhow::Result<Duration>>,
    thread: JoinHandle<()>,
    pub(super) crowd: Crowd,
}

/// Messages for every client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) messages: usize,
    /// All in one `send`; else one each.
    pub(super) joined: bool,
}

impl Limit {
    pub(super) fn start(clients: usize, message_bytes: usize) -> anyhow::Result<Self> {
        Self::start_on(cores::SERVER, clients, message_bytes)
    }

    fn start_on(core: usize, clients: usize, message_bytes: usize) -> anyhow::Result<Self> {
        let mut message = Message::of(message_bytes)?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut crowd = Crowd::new(Dialect::Signalbox, listener.local_addr()?)?;
        let (orders, asked) = mpsc::channel::<Order>();
        let (done, answers) = mpsc::channel();
        let (begun, has_begun) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let pinned = cores::pin(core);
            let is_pinned = pinned.is_ok();
            if begun.send(pinned).is_err() || !is_pinned {
                return;
            }
            let streams = match accept(&listener, clients) {
                Ok(streams) => streams,
                Err(error) => {
                    let _ = done.send(Err(error));
                    return;
                }
            };
            for order in asked {
                let used = cores::used_here();
                let sent = send(&streams, order, &mut message);
                if done.send(sent.map(|()| cores::used_here() - used)).is_err() {
                    return;
                }
            }
        });
        has_begun.recv().context("the sender has ended")??;
        gather(&mut crowd, clients).map_err(|error| match answers.try_recv() {
            Ok(Err(why)) => why,
            _ => error,
        })?;
        Ok(Self { orders, done: answers, thread, crowd })
    }

    pub(super) fn send(&self, order: Order) -> anyhow::Result<()> {
        self.orders.send(order).context("the sender has ended")
    }

    /// Processor time of the next order that is done.
    pub(super) fn done(&self) -> anyhow::Result<Option<Duration>> {
        match self.done.try_recv() {
            Ok(used) => used.map(Some),
            Err(_) => Ok(None),
        }
    }

    pub(super) fn stop(self) {
        drop(self.orders);
        drop(self.crowd);
        let _ = self.thread.join();
    }
}

/// Until so many clients are connected and have their answer.
fn gather(crowd: &mut Crowd, clients: usize) -> anyhow::Result<()> {
    while crowd.clients.len() < clients {
        crowd.join(TOGETHER.min(clients - crowd.clients.len()))?;
    }
    Ok(())
}

/// Takes clients as the product does, and answers what they say at once: how the system acknowledges what a connection
/// carries depends on whether both sides have sent.
fn accept(listener: &TcpListener, clients: usize) -> anyhow::Result<Vec<TcpStream>> {
    let mut said = asked_by(listener.local_addr()?);
    let answer = answer();
    let mut streams = Vec::with_capacity(clients);
    for _ in 0..clients {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.read_exact(&mut said).context("a client does not ask for anything")?;
        stream.write_all(&answer)?;
        streams.push(stream);
    }
    Ok(streams)
}

/// What a client says before it waits.
fn asked_by(address: SocketAddr) -> Vec<u8> {
    let mut said = Dialect::Signalbox.handshake(address);
    if let Some(opening) = Dialect::Signalbox.opening(None) {
        said.extend(frames::message(1, opening.as_bytes()));
    }
    said
}

/// What it waits for.
fn answer() -> Vec<u8> {
    let subscribed = format!(r#"{{"type":"subscribed","topics":[{{"topic":"{TOPIC}","position":0}}]}}"#);
    let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let mut answer = head.as_bytes().to_vec();
    answer.extend([0x81, subscribed.len() as u8]);
    answer.extend_from_slice(subscribed.as_bytes());
    answer
}

fn send(streams: &[TcpStream], order: Order, message: &mut Message) -> anyhow::Result<()> {
    let (times, together) = if order.joined { (1, order.messages) } else { (order.messages, 1) };
    for _ in 0..times {
        let bytes = message.next(together);
        for mut stream in streams {
            stream.write_all(bytes).context("a client is gone")?;
        }
    }
    Ok(())
}

/// A frame that clients understand as one of the product, with a number that grows.
struct Message {
    frame: Vec<u8>,
    number_at: usize,
    number: u64,
    bytes: Vec<u8>,
}

impl Message {
    /// Of so many bytes, with the header.
    fn of(bytes: usize) -> anyhow::Result<Self> {
        const HEADER: usize = 4;
        let before = r#"{"type":"event","topics":["memory_timeline","events"],"event":{"position":"#;
        let between = r#","data":""#;
        let after = r#""}}"#;
        let filled = before.len() + DIGITS + between.len() + after.len();
        let payload = bytes.checked_sub(HEADER).filter(|payload| (filled.max(126)..=0xFFFF).contains(payload));
        let payload = payload.with_context(|| format!("a message of {bytes} B is not like the product's"))?;
        let mut frame = vec![0x81, 126];
        frame.extend(u16::try_from(payload)?.to_be_bytes());
        frame.extend_from_slice(before.as_bytes());
        let number_at = frame.len();
        frame.extend([b'0'; DIGITS]);
        frame.extend_from_slice(between.as_bytes());
        frame.resize(frame.len() + payload - filled, b'x');
        frame.extend_from_slice(after.as_bytes());
        ensure!(frame.len() == bytes, "a frame of {} B", frame.len());
        Ok(Self { frame, number_at, number: 0, bytes: Vec::new() })
    }

    /// The next messages, behind one another.
    fn next(&mut self, count: usize) -> &[u8] {
        self.bytes.clear();
        for _ in 0..count {
            self.number += 1;
            let digits = format!("{:0width$}", self.number, width = DIGITS);
            self.frame[self.number_at..self.number_at + DIGITS].copy_from_slice(digits.as_bytes());
            self.bytes.extend_from_slice(&self.frame);
        }
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{super::dialect::Said, *};

    #[test]
    fn a_sender_that_cannot_begin_says_why() {
        let Err(error) = Limit::start_on(1_023, 1, 497) else { panic!("there is no such core") };
        assert_eq!(error.to_string(), "this bench needs core 1023");
    }

    #[test]
    fn a_message_is_understood_like_one_of_the_product() {
        let mut message = Message::of(497).expect("long enough");
        let mut at = 0;
        for expected in [vec![1], vec![2, 3, 4]] {
            let mut bytes = message.next(expected.len());
            assert_eq!(bytes.len(), 497 * expected.len());
            for number in expected {
                let (opcode, payload, length) = frames::first(bytes).expect("a whole frame");
                assert_eq!((opcode, length), (1, 497));
                assert_eq!(Dialect::Signalbox.understand(payload, &mut at), Said::Event(number));
                bytes = &bytes[length..];
            }
        }
        assert!(Message::of(100).is_err());
    }
}
