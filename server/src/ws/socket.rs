//! One connection: what the client says to the hub, and how it ends. What the hub says it writes itself.

use super::{
    clock::Clock,
    ending::Ending,
    rfc6455::{Broken, Incoming, Reader},
    transport::{self, Receiver, Sender},
};
use hub::{Hub, Inbound, Kind, Outbound};
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
    /// It reads compressed messages.
    pub(super) deflate: bool,
}

/// Serves until either side ends it.
pub(super) async fn serve(upgrade: OnUpgrade, client: Client, hub: Arc<Hub>) {
    let Client { kind, who, deflate } = client;
    let Ok(upgraded) = upgrade.await else { return };
    let reader = Reader::new(hub.limits(kind).frame_bytes as usize, deflate);
    let (sender, receiver, pump) = transport::open(upgraded, reader);
    let clock = Clock::start();
    let id = ClientId(uuid::Uuid::now_v7());
    // Between the handshake and here the server may have begun to go away. The client comes back, as after a loss.
    let Ok((inbound, outbound)) = hub.connect(kind, id, who, clock.now()).await else { return };
    drop(hub);
    match pump {
        None => converse(sender, receiver, inbound, outbound, deflate, clock).await,
        Some(pump) => {
            let talk = converse(sender, receiver, inbound, outbound, deflate, clock);
            // The pump ends when the talk has ended and everything was written, or the socket breaks.
            let ended = async {
                talk.await;
                tokio::time::sleep(CLOSE_GRACE).await;
            };
            tokio::select! {
                () = ended => {}
                () = pump => {}
            }
        }
    }
}

async fn converse(
    sender: Sender,
    mut receiver: Receiver,
    mut inbound: Inbound,
    outbound: Outbound,
    deflate: bool,
    clock: Clock,
) {
    let mut writing = pin!(outbound.over(sender.wire(), deflate).run());
    let ending = tokio::select! {
        ending = read(&mut receiver, &mut inbound, clock) => Some(ending),
        written = &mut writing => {
            if written.is_ok() {
                // Ours was sent: the client answers it.
                let _ = timeout(CLOSE_GRACE, read(&mut receiver, &mut inbound, clock)).await;
            }
            None
        }
    };
    let (code, reason) = match ending {
        Some(Ending::Closed(code)) => (code.unwrap_or(NO_CODE), ""),
        Some(Ending::Broken(Broken { code, reason })) => (code, reason),
        Some(Ending::Gone) | None => return sender.finish(),
    };
    inbound.close(code, reason);
    let is_told = matches!(timeout(CLOSE_GRACE, writing).await, Ok(Ok(())));
    sender.finish();
    if is_told {
        let _ = timeout(CLOSE_GRACE, receiver.discard()).await;
    }
}

async fn read(receiver: &mut Receiver, inbound: &mut Inbound, clock: Clock) -> Ending {
    let mut ticks = interval(Duration::from_millis(inbound.tick_ms()));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            incoming = receiver.next() => match incoming {
                // Boxed: it is large, and an idle connection should not hold room for it.
                Ok(Incoming::Text(text)) => Box::pin(inbound.text(&text, clock.now())).await,
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
