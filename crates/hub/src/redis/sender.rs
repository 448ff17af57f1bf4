//! What this node says.

use super::{Line, Outgoing, PATIENCE, Packet};
use redis::{AsyncCommands, aio::MultiplexedConnection};
use std::sync::{Arc, atomic::Ordering::Relaxed};
use tokio::{sync::mpsc, time::timeout};

/// Messages of one packet.
const AT_ONCE: usize = 128;

/// Until nobody says anything any more. What cannot be sent is dropped and counted: it is old when Redis is back.
pub(super) async fn run(line: Arc<Line>, mut waiting: mpsc::Receiver<Outgoing>) {
    let mut connection: Option<MultiplexedConnection> = None;
    let mut taken = Vec::with_capacity(AT_ONCE);
    loop {
        tokio::select! {
            count = waiting.recv_many(&mut taken, AT_ONCE) => if count == 0 { return },
            () = line.stop.cancelled() => return,
        }
        let count = taken.len() as u64;
        // Whoever is not heard does not save up: it would come late, and be old.
        if !line.is_listening.load(Relaxed) {
            connection = None;
            taken.clear();
            line.dropped.fetch_add(count, Relaxed);
            continue;
        }
        let (messages, _rooms): (Vec<_>, Vec<_>) =
            taken.drain(..).map(|Outgoing { message, room }| (message, room)).unzip();
        let packet = Packet { node: line.node.to_string(), messages };
        let packet = serde_json::to_string(&packet).expect("messages have string keys and no failing types");
        if !send(&line, &mut connection, packet).await {
            line.dropped.fetch_add(count, Relaxed);
            connection = None;
        }
    }
}

async fn send(line: &Line, connection: &mut Option<MultiplexedConnection>, packet: String) -> bool {
    if connection.is_none() {
        *connection = match timeout(PATIENCE, line.client.get_multiplexed_async_connection()).await {
            Ok(Ok(connected)) => Some(connected),
            Ok(Err(error)) => {
                tracing::debug!(%error, "Redis is not there to say anything to");
                None
            }
            Err(_) => None,
        };
    }
    let Some(connected) = connection else { return false };
    matches!(timeout(PATIENCE, connected.publish::<_, _, ()>(&line.channel, packet)).await, Ok(Ok(())))
}
