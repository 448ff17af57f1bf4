//! One connection: the socket's messages to the hub, the hub's batches to the socket.

use super::{clock::Clock, ending::Ending};
use axum::{
    body::Bytes,
    extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket},
};
use futures::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use hub::{Hub, Inbound, Kind, Outbound, Outgoing, Sending, session};
use protocol::{ClientId, Identity};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// A batch that was not written after this long, plus the time its bytes take at a very slow rate, ends the
/// connection: the client is not reading.
const WRITE_STALL: Duration = Duration::from_secs(30);
const SLOWEST_BYTES_PER_S: u64 = 8 << 10;

/// How long the client has to answer our close, and to read why it was closed.
const CLOSE_GRACE: Duration = Duration::from_secs(2);

/// The client did not read: the connection is given up without a word.
struct Stalled;

/// Serves until either side ends it.
pub(super) async fn serve(mut socket: WebSocket, kind: Kind, who: Arc<Identity>, hub: Arc<Hub>) {
    let clock = Clock::start();
    let client = ClientId(uuid::Uuid::now_v7());
    let Ok((inbound, outbound)) = hub.connect(kind, client, who, clock.now()).await else {
        let _ = timeout(CLOSE_GRACE, socket.send(close(session::GOING_AWAY))).await;
        return;
    };
    drop(hub);
    let (sink, stream) = socket.split();
    let mut reading = pin!(read(stream, inbound, clock));
    let mut writing = pin!(write(sink, outbound));
    tokio::select! {
        (ending, inbound) = &mut reading => {
            if let Ending::Broken { code, reason } = ending {
                inbound.close(code, reason);
                // What the client sent after the broken frame stays unread, so closing resets the connection:
                // it gets a moment to read the reason before.
                if let Ok(Ok(())) = timeout(CLOSE_GRACE, writing).await {
                    tokio::time::sleep(CLOSE_GRACE).await;
                }
            }
        }
        written = &mut writing => {
            if written.is_ok() {
                let _ = timeout(CLOSE_GRACE, reading).await;
            }
        }
    }
}

async fn read(mut stream: SplitStream<WebSocket>, mut inbound: Inbound, clock: Clock) -> (Ending, Inbound) {
    let mut ticks = interval(Duration::from_millis(inbound.tick_ms()));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => inbound.text(&text, clock.now()).await,
                Some(Ok(Message::Binary(_))) => inbound.binary(clock.now()).await,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => inbound.heard(clock.now()),
                // The next poll sends the answer and ends the stream.
                Some(Ok(Message::Close(_))) => {}
                Some(Err(error)) => return (Ending::of(error), inbound),
                None => return (Ending::Gone, inbound),
            },
            _ = ticks.tick() => inbound.tick(clock.now()).await,
        }
    }
}

/// Ends with `Ok` when a close was sent.
async fn write(mut sink: SplitSink<WebSocket, Message>, mut outbound: Outbound) -> Result<(), Stalled> {
    loop {
        match outbound.next().await {
            Sending::Batch(batch) => {
                let bytes: usize = batch.iter().map(size).sum();
                let patience = WRITE_STALL + Duration::from_secs(bytes as u64 / SLOWEST_BYTES_PER_S);
                let written = timeout(patience, write_all(&mut sink, batch)).await;
                written.map_err(|_| Stalled)?.map_err(|_| Stalled)?;
            }
            Sending::Close(reason) => {
                let sent = timeout(CLOSE_GRACE, sink.send(close(reason))).await;
                return sent.map_err(|_| Stalled)?.map_err(|_| Stalled);
            }
        }
    }
}

async fn write_all(sink: &mut SplitSink<WebSocket, Message>, batch: Vec<Outgoing>) -> Result<(), axum::Error> {
    for outgoing in batch {
        let message = match outgoing {
            Outgoing::Text(json) => Message::Text(Utf8Bytes::try_from(json).expect("frames are JSON text")),
            Outgoing::Ping => Message::Ping(Bytes::new()),
        };
        sink.feed(message).await?;
    }
    sink.flush().await
}

fn size(outgoing: &Outgoing) -> usize {
    match outgoing {
        Outgoing::Text(json) => json.len(),
        Outgoing::Ping => 0,
    }
}

fn close(session::Close { code, reason }: session::Close) -> Message {
    Message::Close(Some(CloseFrame { code, reason: reason.into() }))
}
