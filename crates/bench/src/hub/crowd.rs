//! Thousands of clients in one thread: epoll, and no more work per delivery than to see its number.

use super::{
    dialect::{Dialect, Said},
    frames,
};
use anyhow::{Context, bail, ensure};
use mio::{Events, Interest, Poll, Token, net::TcpStream};
use std::{
    io::{ErrorKind, Read, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

/// Read at once.
const READ_BYTES: usize = 256 << 10;
/// A crowd that is not where it should be by then has failed.
const PATIENCE: Duration = Duration::from_secs(60);
/// Nothing has come for so long before it sleeps. Waking it is counted to the core that sends, and would be paid for
/// each delivery by whoever sends slower than this reads, and by nobody who sends faster.
const AWAKE: Duration = Duration::from_millis(1);
/// Microseconds above which latencies are not told apart.
const SLOWEST_US: usize = 2_000_000;

pub(super) struct Crowd {
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    dialect: Dialect,
    address: SocketAddr,
    pub(super) clients: Vec<Client>,
    number_at: usize,
    /// Clients whose subscription was answered.
    subscribed: usize,
    pub(super) seen: Seen,
    /// When what is being delivered was published; latencies are counted from here.
    published_at: Option<Instant>,
    latencies_us: Vec<u32>,
    /// When something came last.
    heard_at: Instant,
}

/// What all clients together were given.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) deliveries: u64,
    pub(super) bytes: u64,
    pub(super) duplicated: u64,
    pub(super) reordered: u64,
    pub(super) gaps: u64,
    pub(super) closed: u64,
}

pub(super) struct Client {
    stream: Option<TcpStream>,
    /// Read and not understood: part of a frame.
    carry: Vec<u8>,
    is_open: bool,
    unsent: Vec<u8>,
    /// The number of the newest delivery.
    pub(super) last: u64,
    pub(super) count: u64,
    /// It does not read.
    paused: bool,
}

impl Crowd {
    pub(super) fn new(dialect: Dialect, address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1_024),
            buffer: vec![0; READ_BYTES],
            dialect,
            address,
            clients: Vec::new(),
            number_at: 0,
            subscribed: 0,
            seen: Seen::default(),
            published_at: None,
            latencies_us: vec![0; SLOWEST_US + 1],
            heard_at: Instant::now(),
        })
    }

    /// More clients, all at once; resolves when all are subscribed.
    pub(super) fn join(&mut self, count: usize) -> anyhow::Result<()> {
        let from = self.clients.len();
        for index in from..from + count {
            let client = Client {
                stream: None,
                carry: Vec::new(),
                is_open: false,
                unsent: Vec::new(),
                last: 0,
                count: 0,
                paused: false,
            };
            self.clients.push(client);
            self.connect(index, None)?;
            // The server's backlog is not what is measured.
            if index % 200 == 199 {
                self.wait_subscribed()?;
            }
        }
        self.wait_subscribed()
    }

    /// Every client leaves without a word.
    pub(super) fn drop_all(&mut self) {
        for client in &mut self.clients {
            client.stream = None;
        }
        self.subscribed = 0;
    }

    /// Everybody comes back at the same moment, with what it has.
    pub(super) fn come_back(&mut self, address: SocketAddr) -> anyhow::Result<()> {
        self.drop_all();
        self.address = address;
        for index in 0..self.clients.len() {
            let last = self.clients[index].last;
            self.connect(index, Some(last))?;
        }
        Ok(())
    }

    fn connect(&mut self, index: usize, after: Option<u64>) -> anyhow::Result<()> {
        let mut stream = TcpStream::connect(self.address).context("connecting")?;
        self.poll.registry().register(&mut stream, Token(index), Interest::READABLE | Interest::WRITABLE)?;
        let client = &mut self.clients[index];
        client.carry.clear();
        client.is_open = false;
        client.unsent = self.dialect.handshake(self.address);
        if let Some(opening) = self.dialect.opening(after) {
            client.unsent.extend(frames::message(1, opening.as_bytes()));
        }
        client.stream = Some(stream);
        Ok(())
    }

    fn wait_subscribed(&mut self) -> anyhow::Result<()> {
        let count = self.clients.iter().filter(|client| client.stream.is_some()).count();
        self.until(PATIENCE, |crowd| crowd.subscribed >= count)?;
        ensure!(self.subscribed >= count, "{} of {count} clients were subscribed in time", self.subscribed);
        Ok(())
    }

    /// Reads until it is so, or the time is over.
    pub(super) fn until(&mut self, time: Duration, is_so: impl Fn(&Self) -> bool) -> anyhow::Result<bool> {
        let end = Instant::now() + time;
        loop {
            if is_so(self) {
                return Ok(true);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            self.turn(left)?;
        }
    }

    /// Latencies are counted of what is delivered from here on.
    pub(super) fn published(&mut self) {
        self.published_at = Some(Instant::now());
    }

    /// The latency that so many of the deliveries stayed below, milliseconds.
    pub(super) fn latency_ms(&self, quantile: f64) -> f64 {
        let all: u64 = self.latencies_us.iter().map(|count| u64::from(*count)).sum();
        let wanted = (all as f64 * quantile) as u64;
        let mut below = 0;
        let at = self.latencies_us.iter().position(|count| {
            below += u64::from(*count);
            below > wanted
        });
        at.unwrap_or(0) as f64 / 1_000.0
    }

    /// Deliveries and latencies are counted from here on.
    pub(super) fn forget(&mut self) {
        self.seen = Seen::default();
        self.latencies_us.fill(0);
        for client in &mut self.clients {
            client.count = 0;
        }
    }

    /// These clients read no more, or read again.
    pub(super) fn pause(&mut self, clients: std::ops::Range<usize>, paused: bool) -> anyhow::Result<()> {
        for index in clients {
            self.clients[index].paused = paused;
            if !paused {
                // What came meanwhile is no news to epoll.
                self.read(index)?;
            }
        }
        Ok(())
    }

    fn turn(&mut self, time: Duration) -> anyhow::Result<()> {
        let mut events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        let is_awake = self.heard_at.elapsed() < AWAKE;
        match self.poll.poll(&mut events, Some(if is_awake { Duration::ZERO } else { time })) {
            Err(error) if error.kind() != ErrorKind::Interrupted => bail!(error),
            _ => {}
        }
        if !events.is_empty() {
            self.heard_at = Instant::now();
        } else if is_awake {
            // Publishers are on this core, too.
            std::thread::yield_now();
        }
        for event in &events {
            let index = event.token().0;
            if event.is_writable() && !self.clients[index].unsent.is_empty() {
                self.write(index)?;
            }
            if event.is_readable() || event.is_read_closed() {
                self.read(index)?;
            }
        }
        self.events = events;
        Ok(())
    }

    fn write(&mut self, index: usize) -> anyhow::Result<()> {
        let client = &mut self.clients[index];
        let Some(stream) = &mut client.stream else { return Ok(()) };
        match stream.write(&client.unsent) {
            Ok(count) => drop(client.unsent.drain(..count)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {}
            Err(error) => bail!("a client cannot write: {error}"),
        }
        Ok(())
    }

    /// Reads what there is.
    fn read(&mut self, index: usize) -> anyhow::Result<()> {
        loop {
            let client = &mut self.clients[index];
            if client.paused {
                return Ok(());
            }
            let Some(stream) = &mut client.stream else { return Ok(()) };
            let held = client.carry.len();
            if self.buffer.len() < held + READ_BYTES / 2 {
                self.buffer.resize(held + READ_BYTES, 0);
            }
            self.buffer[..held].copy_from_slice(&client.carry);
            let count = match stream.read(&mut self.buffer[held..]) {
                Ok(count) if count > 0 => count,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                _ => {
                    client.stream = None;
                    self.seen.closed += 1;
                    return Ok(());
                }
            };
            let room = self.buffer.len() - held;
            self.understand(index, held + count)?;
            if count < room {
                return Ok(());
            }
        }
    }

    fn understand(&mut self, index: usize, end: usize) -> anyhow::Result<()> {
        let before = self.seen.deliveries;
        let client = &mut self.clients[index];
        let bytes = &self.buffer[..end];
        let mut at = 0;
        if !client.is_open {
            let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
                client.carry = bytes.to_vec();
                return Ok(());
            };
            ensure!(bytes.starts_with(b"HTTP/1.1 101"), "refused: {}", String::from_utf8_lossy(&bytes[..head]));
            client.is_open = true;
            at = head + 4;
        }
        while let Some((opcode, payload, length)) = frames::first(&bytes[at..]) {
            at += length;
            match opcode {
                1 => match self.dialect.understand(payload, &mut self.number_at) {
                    Said::Event(number) => {
                        self.seen.deliveries += 1;
                        client.count += 1;
                        match number.cmp(&client.last) {
                            std::cmp::Ordering::Greater => client.last = number,
                            std::cmp::Ordering::Equal => self.seen.duplicated += 1,
                            std::cmp::Ordering::Less => self.seen.reordered += 1,
                        }
                    }
                    Said::Subscribed => self.subscribed += 1,
                    Said::Answer(text) => client.unsent.extend(frames::message(1, text.as_bytes())),
                    Said::Gap => self.seen.gaps += 1,
                    Said::Other => {}
                },
                8 => self.seen.closed += 1,
                9 => client.unsent.extend(frames::message(10, payload)),
                _ => {}
            }
        }
        self.seen.bytes += at as u64;
        client.carry.clear();
        client.carry.extend_from_slice(&bytes[at..]);
        let has_unsent = !client.unsent.is_empty();
        let delivered = self.seen.deliveries - before;
        if let Some(published_at) = self.published_at
            && delivered > 0
        {
            let us = usize::try_from(published_at.elapsed().as_micros()).unwrap_or(SLOWEST_US).min(SLOWEST_US);
            self.latencies_us[us] += u32::try_from(delivered).unwrap_or(u32::MAX);
        }
        if has_unsent { self.write(index) } else { Ok(()) }
    }
}
