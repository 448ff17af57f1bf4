//! The bus over Redis: one pub/sub channel per log, with everybody's messages.
//!
//! What is on it may be lost, and is: while Redis is away, while a node is, when a queue is full. So nothing of it is
//! needed: durable events come from the log, which the store's own word and the publisher's backstop tell of too.

mod listener;
mod sender;

use crate::ports::{Bus, BusMessage, BusState};
use async_trait::async_trait;
use protocol::Epoch;
use redis::Client;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

/// Messages that wait to be sent, and of others to be taken in. When it is full the newest are dropped and counted.
const WAITING: usize = 8_192;
/// Bytes of those that wait, each way.
const WAITING_BYTES: usize = 16 << 20;
/// Between attempts to reach Redis: this, doubled each time, up to that.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_MOST: Duration = Duration::from_secs(5);
/// An answer takes no longer, or the connection is dead.
const PATIENCE: Duration = Duration::from_secs(5);

/// A node's end of it.
pub struct RedisBus {
    outgoing: mpsc::Sender<Outgoing>,
    room: Arc<Semaphore>,
    incoming: Mutex<mpsc::Receiver<Incoming>>,
    line: Arc<Line>,
}

/// What its two tasks share.
struct Line {
    client: Client,
    channel: String,
    /// Tells a node's own messages from others'.
    node: u128,
    is_listening: AtomicBool,
    dropped: AtomicU64,
    stop: CancellationToken,
}

/// A message that waits to be sent, with the room it takes.
struct Outgoing {
    message: Box<RawValue>,
    room: OwnedSemaphorePermit,
}

/// A message of another node that waits to be taken in, with the room it takes.
struct Incoming {
    message: BusMessage,
    _room: OwnedSemaphorePermit,
}

/// What is in the channel. The messages one by one: those of a newer node may be of kinds that are not known here.
#[derive(Serialize, Deserialize)]
struct Packet {
    node: String,
    messages: Vec<Box<RawValue>>,
}

/// The URL is none of Redis; the message never repeats it, since it may hold a password.
#[derive(Debug, Clone, thiserror::Error)]
#[error("is no URL of a Redis: expected redis://HOST:PORT, redis://:PASSWORD@HOST:PORT or redis://…/DATABASE")]
pub struct NotARedis;

/// # Errors
/// When the URL is none this can use. Nothing is connected to.
pub fn check(url: &str) -> Result<(), NotARedis> {
    if !url.starts_with("redis://") {
        return Err(NotARedis);
    }
    Client::open(url).map(drop).map_err(|_| NotARedis)
}

impl RedisBus {
    /// For the nodes on this log. Does not wait for Redis: it is reached when it is there. `node` is a random number.
    ///
    /// # Errors
    /// As [`check`].
    pub fn open(url: &str, epoch: &Epoch, node: u128) -> Result<Arc<Self>, NotARedis> {
        check(url)?;
        let client = Client::open(url).map_err(|_| NotARedis)?;
        let (outgoing, to_send) = mpsc::channel(WAITING);
        let (taken_in, incoming) = mpsc::channel(WAITING);
        let line = Arc::new(Line {
            client,
            channel: format!("signalbox:{epoch}"),
            node,
            is_listening: AtomicBool::new(false),
            dropped: AtomicU64::new(0),
            stop: CancellationToken::new(),
        });
        tokio::spawn(sender::run(line.clone(), to_send));
        tokio::spawn(listener::run(line.clone(), taken_in));
        let room = Arc::new(Semaphore::new(WAITING_BYTES));
        Ok(Arc::new(Self { outgoing, room, incoming: Mutex::new(incoming), line }))
    }
}

#[async_trait]
impl Bus for RedisBus {
    fn publish(&self, message: BusMessage) {
        if self.try_publish(&message).is_none() {
            self.line.dropped.fetch_add(1, Relaxed);
        }
    }

    async fn next(&self) -> Option<BusMessage> {
        self.incoming.lock().await.recv().await.map(|incoming| incoming.message)
    }

    fn state(&self) -> BusState {
        BusState { is_connected: self.line.is_listening.load(Relaxed), dropped: self.line.dropped.load(Relaxed) }
    }
}

impl RedisBus {
    /// `None`: there is no room.
    fn try_publish(&self, message: &BusMessage) -> Option<()> {
        let message = serde_json::value::to_raw_value(message).expect("messages have string keys and no failing types");
        let bytes = u32::try_from(message.get().len()).ok()?;
        let room = self.room.clone().try_acquire_many_owned(bytes).ok()?;
        self.outgoing.try_send(Outgoing { message, room }).ok()
    }
}

impl Drop for RedisBus {
    fn drop(&mut self) {
        self.line.stop.cancel();
    }
}

impl Line {
    /// Waits before the next attempt, a little longer each time. False when it is all over.
    async fn rest(&self, pause: &mut Duration) -> bool {
        let slept = *pause;
        *pause = (*pause * 2).min(RETRY_MOST);
        tokio::select! {
            () = tokio::time::sleep(slept) => true,
            () = self.stop.cancelled() => false,
        }
    }
}
