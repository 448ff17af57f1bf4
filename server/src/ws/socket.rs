//! One connection: what the client says to the hub, and how it ends. What the hub says it writes itself.

use super::{
    clock::Clock,
    ending::Ending,
    rfc6455::{Broken, Incoming, Reader},
    transport::{self, Receiver, Sender},
};
use futures::future::BoxFuture;
use hub::{Hub, Inbound, Kind, Outbound, Reads};
use hyper::upgrade::OnUpgrade;
use protocol::{ClientId, Identity};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How long the client has to answer our close, and to read why it was closed.
const CLOSE_GRACE: Duration = Duration::from_secs(2);

/// The code of a close frame that has none.
const NO_CODE: u16 = 1005;

/// What the handshake found out.
pub(super) struct Client {
    pub(super) kind: Kind,
    /// Without, it tells with its first frame.
    pub(super) who: Option<Arc<Identity>>,
    /// How it reads, and writes.
    pub(super) reads: Reads,
}

/// A connection that was taken in. Boxed: it is passed on, and each function on the way would hold room for it.
struct Talk {
    sender: Sender,
    receiver: Receiver,
    inbound: Inbound,
    reads: Reads,
    clock: Clock,
}

/// Serves until either side ends it.
pub(super) async fn serve(upgrade: OnUpgrade, client: Client, hub: Arc<Hub>) {
    // Boxed as well: what only the beginning needs is freed with it, and not held as long as the connection lives.
    let Some((talk, outbound, pump)) = Box::pin(begin(upgrade, client, hub)).await else { return };
    let talk = Box::pin(converse(talk, outbound));
    let Some(pump) = pump else { return talk.await };
    // The pump ends when the talk has ended and everything was written, or the socket breaks.
    let ended = async {
        talk.await;
        tokio::time::sleep(CLOSE_GRACE).await;
    };
    Box::pin(async {
        tokio::select! {
            () = ended => {}
            () = pump => {}
        }
    })
    .await;
}

type Pump = Option<BoxFuture<'static, ()>>;

/// Takes the socket over and the client in. `None`: it is gone, or the server has begun to go away between the
/// handshake and here; the client comes back, as after a loss.
async fn begin(upgrade: OnUpgrade, client: Client, hub: Arc<Hub>) -> Option<(Box<Talk>, Outbound, Pump)> {
    let Client { kind, who, reads } = client;
    let upgraded = upgrade.await.ok()?;
    let clock = Clock::start();
    let id = ClientId(uuid::Uuid::now_v7());
    let (inbound, outbound) = hub.connect(kind, id, who, clock.now()).await.ok()?;
    let reader = Reader::new(inbound.frame_bytes() as usize, reads.deflate);
    let (sender, receiver, pump) = transport::open(upgraded, reader);
    Some((Box::new(Talk { sender, receiver, inbound, reads, clock }), outbound, pump))
}

async fn converse(mut talk: Box<Talk>, outbound: Outbound) {
    let mut writing = pin!(outbound.over(talk.sender.wire(), talk.reads).run());
    let ending = tokio::select! {
        ending = read(&mut talk) => Some(ending),
        written = &mut writing => {
            if written.is_ok() {
                // Ours was sent: the client answers it.
                let _ = timeout(CLOSE_GRACE, Box::pin(read(&mut talk))).await;
            }
            None
        }
    };
    let (code, reason) = match ending {
        Some(Ending::Closed(code)) => (code.unwrap_or(NO_CODE), ""),
        Some(Ending::Broken(Broken { code, reason })) => (code, reason),
        Some(Ending::Gone) | None => return talk.sender.finish(),
    };
    talk.inbound.close(code, reason);
    let is_told = matches!(timeout(CLOSE_GRACE, writing).await, Ok(Ok(())));
    talk.sender.finish();
    if is_told {
        let _ = timeout(CLOSE_GRACE, Box::pin(talk.receiver.discard())).await;
    }
}

async fn read(talk: &mut Talk) -> Ending {
    let Talk { receiver, inbound, reads, clock, .. } = talk;
    let mut ticks = interval(Duration::from_millis(inbound.tick_ms()));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            incoming = receiver.next() => match incoming {
                // Boxed: it is large, and an idle connection should not hold room for it.
                Ok(Incoming::Text(text)) => {
                    if reads.batch {
                        Box::pin(inbound.batch(&text, || clock.now())).await;
                    } else {
                        Box::pin(inbound.text(&text, clock.now())).await;
                    }
                    receiver.set_limit(inbound.frame_bytes() as usize);
                }
                Ok(Incoming::Binary) => Box::pin(inbound.binary(clock.now())).await,
                Ok(Incoming::Ping(payload)) => Box::pin(inbound.ping(payload.into(), clock.now())).await,
                Ok(Incoming::Pong) => inbound.heard(clock.now()),
                Ok(Incoming::Close(code)) => return Ending::Closed(code),
                Err(ending) => return ending,
            },
            _ = ticks.tick() => Box::pin(inbound.tick(clock.now())).await,
        }
        // Thousands of messages may have come with one read: others have their turn between them.
        tokio::task::coop::consume_budget().await;
    }
}
