//! What other nodes say.

use super::{Incoming, Line, PATIENCE, Packet, RETRY_FIRST, WAITING_BYTES};
use crate::ports::BusMessage;
use futures::StreamExt;
use redis::Msg;
use std::sync::{Arc, atomic::Ordering::Relaxed};
use tokio::{
    sync::{Semaphore, mpsc},
    time::{interval, timeout},
};

/// What others said and waits to be taken in.
struct TakenIn {
    queue: mpsc::Sender<Incoming>,
    room: Arc<Semaphore>,
}

impl TakenIn {
    /// `bytes`: of its text. `None`: there is no room.
    fn try_send(&self, message: BusMessage, bytes: usize) -> Option<()> {
        let room = self.room.clone().try_acquire_many_owned(u32::try_from(bytes).ok()?).ok()?;
        self.queue.try_send(Incoming { message, _room: room }).ok()
    }
}

/// Listens, again and again, until it is all over.
pub(super) async fn run(line: Arc<Line>, taken_in: mpsc::Sender<Incoming>) {
    let taken_in = TakenIn { queue: taken_in, room: Arc::new(Semaphore::new(WAITING_BYTES)) };
    let mut pause = RETRY_FIRST;
    loop {
        tokio::select! {
            error = listen(&line, &taken_in, &mut pause) => {
                if line.is_listening.swap(false, Relaxed) {
                    tracing::warn!(error, "Redis is away: other servers' events come from the log only, and later");
                }
            }
            () = line.stop.cancelled() => return,
        }
        if !line.rest(&mut pause).await {
            return;
        }
    }
}

/// As long as Redis is there; why it is not.
async fn listen(line: &Line, taken_in: &TakenIn, pause: &mut std::time::Duration) -> String {
    let connected = async {
        let mut connection = line.client.get_async_pubsub().await?;
        connection.subscribe(&line.channel).await?;
        Ok::<_, redis::RedisError>(connection)
    };
    let connection = match timeout(PATIENCE, connected).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return error.to_string(),
        Err(_) => return "no answer".to_owned(),
    };
    if !line.is_listening.swap(true, Relaxed) {
        tracing::info!("Redis carries what other servers say");
    }
    *pause = RETRY_FIRST;
    let (mut sink, mut messages) = connection.split();
    // A connection that is dead and does not know it says nothing either.
    let mut alive = interval(PATIENCE);
    loop {
        tokio::select! {
            message = messages.next() => match message {
                Some(message) => take_in(line, &message, taken_in),
                None => return "the connection has ended".to_owned(),
            },
            _ = alive.tick() => match timeout(PATIENCE, sink.ping::<redis::Value>()).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return error.to_string(),
                Err(_) => return "no answer".to_owned(),
            },
        }
    }
}

fn take_in(line: &Line, message: &Msg, taken_in: &TakenIn) {
    let packet: Packet = match serde_json::from_slice(message.get_payload_bytes()) {
        Ok(packet) => packet,
        // A node of another version, say.
        Err(error) => return tracing::debug!(%error, "a packet of another node cannot be read"),
    };
    if packet.node == line.node.to_string() {
        return;
    }
    for message in packet.messages {
        match serde_json::from_str::<BusMessage>(message.get()) {
            Ok(taken) => {
                if taken_in.try_send(taken, message.get().len()).is_none() {
                    line.dropped.fetch_add(1, Relaxed);
                }
            }
            Err(error) => tracing::debug!(%error, "a message of another node cannot be read"),
        }
    }
}
