//! One connection: what the client emits to the hub, the hub's batches to the client.

use super::{
    answer::{Answers, Asked},
    emit,
    engine::Seat,
    inbox::{Inbox, Said},
    line::{Line, Lost},
    packet::{self, Packet},
    told,
};
use crate::ws::Clock;
use engineioxide::Socket;
use hub::{Hub, Inbound, Kind, Outbound, Outgoing, Sending, session::Close};
use protocol::{ClientId, Identity, frame::close};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc::Receiver,
    time::{interval, sleep, timeout},
};

/// From the opening of the transport to the client's CONNECT.
const INTRODUCTION: Duration = Duration::from_secs(10);
/// How long the client has to read why it is closed.
const CLOSE_GRACE: Duration = Duration::from_secs(2);

/// How long what a client said before it left may take to be taken in: each of its commands and messages at most a
/// commit's time, and there is a full inbox of them.
const LEAVING: Duration = Duration::from_secs(10);

/// Serves until either side ends it, and what the client said by then is taken in.
pub(super) async fn serve(socket: Arc<Socket<Seat>>, mut said: Receiver<Said>, hub: Arc<Hub>) {
    let mut line = Line::new(socket.clone());
    let gone = &socket.data.inbox().gone;
    let left = async {
        gone.cancelled().await;
        sleep(LEAVING).await;
    };
    tokio::select! {
        () = left => tracing::debug!(sid = %socket.id, "not all that a client said before it left was taken in"),
        () = converse(&socket, &mut said, hub, &mut line) => {}
    }
    if !gone.is_cancelled() {
        line.hang_up();
    }
}

async fn converse(socket: &Arc<Socket<Seat>>, said: &mut Receiver<Said>, hub: Arc<Hub>, line: &mut Line) {
    let inbox = socket.data.inbox();
    let introduced = tokio::select! {
        biased;
        introduced = timeout(INTRODUCTION, introduced(said, inbox, line)) => introduced,
        () = inbox.gone.cancelled() => return,
    };
    let auth = match introduced {
        Ok(Introduced::As(auth)) => auth,
        Ok(Introduced::Wrongly) => return hub.count_error("handshake"),
        Ok(Introduced::Gone) | Err(_) => return,
    };
    let clock = Clock::start();
    let client = ClientId(uuid::Uuid::now_v7());
    let who = socket.req_parts.extensions.get::<Arc<Identity>>().cloned();
    let token = auth.get("token").and_then(Value::as_str).filter(|token| !token.is_empty());
    if who.is_none() && token.is_none() {
        hub.count_error("unauthenticated");
        let refused = packet::refused("/", "sign in, or connect with `auth: {token}`", "unauthenticated");
        if line.send(refused).await.is_ok() {
            let _ = timeout(CLOSE_GRACE, line.taken()).await;
        }
        return;
    }
    // Without an answer: client libraries come back by themselves when the transport is closed.
    let Ok((mut inbound, outbound)) = hub.connect(Kind::Client, client, who, clock.now()).await else { return };
    drop(hub);
    if line.send(packet::connected(&client.to_string())).await.is_err() {
        return;
    }
    if let Some(token) = token {
        // Its answer is an event of its own; a wrong one ends the connection.
        let proof = json!({"type": "authenticate", "token": token});
        inbound.text(&proof.to_string(), clock.now()).await;
    }
    let answers = Answers::default();
    if let Some(frame) = emit::of_auth(&auth)
        && let Ok(id) = answers.ask(Asked { ack: None, client_id: None })
    {
        inbound.text(&frame.text(id), clock.now()).await;
    }
    tokio::select! {
        () = read(said, inbox, inbound, &answers, clock) => {}
        () = tell(line, outbound, &answers, inbox) => {}
    }
}

/// Tells the client what there is until it is closed or lost. When it has left, what is said goes nowhere: what it said
/// itself is still to be taken in, and waits for room for its answers.
async fn tell(line: &mut Line, mut outbound: Outbound, answers: &Answers, inbox: &Inbox) {
    tokio::select! {
        written = write(line, &mut outbound, answers, inbox) => match written {
            // The transport is closed, of which the inbox hears too.
            Err(Lost) if line.is_closed() && timeout(CLOSE_GRACE, inbox.gone.cancelled()).await.is_ok() => {}
            _ => return,
        },
        () = inbox.gone.cancelled() => {}
    }
    while let Sending::Batch(batch) = outbound.next().await {
        for outgoing in batch {
            if let Outgoing::Text(frame) = outgoing
                && let Ok(frame) = std::str::from_utf8(&frame)
            {
                // Its place among the emits that wait is free again.
                let _ = told::packet(frame, answers);
            }
        }
    }
}

/// How a client begins.
enum Introduced {
    /// With what it says of itself.
    As(Value),
    /// With what is no introduction.
    Wrongly,
    /// It left.
    Gone,
}

async fn introduced(said: &mut Receiver<Said>, inbox: &Inbox, line: &mut Line) -> Introduced {
    while let Some(first) = said.recv().await {
        inbox.taken(&first);
        let Said::Text(text) = first else { return Introduced::Wrongly };
        match packet::read(&text) {
            Ok(Packet::Connect { auth: None }) => return Introduced::As(Value::Null),
            Ok(Packet::Connect { auth: Some(auth) }) => {
                return serde_json::from_str(auth).map_or(Introduced::Wrongly, Introduced::As);
            }
            Ok(Packet::Elsewhere { namespace }) => {
                if refuse(line, namespace).await.is_err() {
                    break;
                }
            }
            Ok(Packet::Disconnect) => break,
            Ok(Packet::Event { .. } | Packet::Binary { .. } | Packet::Idle) | Err(packet::NotAPacket) => {
                return Introduced::Wrongly;
            }
        }
    }
    Introduced::Gone
}

async fn refuse(line: &mut Line, namespace: &str) -> Result<(), Lost> {
    let namespace: String = namespace.chars().take(200).collect();
    line.send(packet::refused(&namespace, "Invalid namespace", "invalid_namespace")).await
}

/// Ends when the client has left and all it said was taken in. A client that breaks the rules is closed by its session.
async fn read(said: &mut Receiver<Said>, inbox: &Inbox, mut inbound: Inbound, answers: &Answers, clock: Clock) {
    let mut ticks = interval(Duration::from_millis(inbound.tick_ms()));
    let mut attachments = 0_u32;
    let (mut is_flooded, mut is_gone) = (false, false);
    loop {
        tokio::select! {
            () = inbox.gone.cancelled(), if !is_gone => {
                is_gone = true;
                // What is in it comes out, and then its end.
                said.close();
            }
            () = inbox.flooded.cancelled(), if !is_flooded && !is_gone => {
                is_flooded = true;
                inbound.close(close::FLOODING, "more was sent at once than can be taken in");
            }
            message = said.recv() => {
                let Some(message) = message else { return };
                inbox.taken(&message);
                match message {
                    Said::Binary if attachments > 0 => attachments -= 1,
                    Said::Binary => inbound.binary(clock.now()).await,
                    Said::Text(text) => match packet::read(&text) {
                        Ok(Packet::Event { ack, args }) => emitted(args, ack, &mut inbound, answers, clock).await,
                        Ok(Packet::Binary { attachments: count, .. }) => {
                            attachments = count;
                            inbound.binary(clock.now()).await;
                        }
                        Ok(Packet::Disconnect) => return,
                        Ok(Packet::Idle) => inbound.heard(clock.now()),
                        Ok(Packet::Connect { .. } | Packet::Elsewhere { .. }) | Err(packet::NotAPacket) => {
                            inbound.text("", clock.now()).await;
                        }
                    },
                }
            }
            // Engine.IO asks silent clients itself, and closes those that do not answer.
            _ = ticks.tick() => inbound.heard(clock.now()),
        }
    }
}

async fn emitted(args: &str, ack: Option<u64>, inbound: &mut Inbound, answers: &Answers, clock: Clock) {
    let frame = emit::frame(args);
    let client_id = frame.as_ref().ok().and_then(|frame| frame.client_id.clone());
    match answers.ask(Asked { ack, client_id }) {
        Ok(id) => {
            // The hub names what is wrong with it, and counts it.
            let text = frame.map_or_else(|emit::NotAnEmit| json!({ "id": id }).to_string(), |frame| frame.text(id));
            inbound.text(&text, clock.now()).await;
        }
        Err(_) => inbound.close(close::FLOODING, "too many emits without an answer"),
    }
}

async fn write(line: &mut Line, outbound: &mut Outbound, answers: &Answers, inbox: &Inbox) -> Result<(), Lost> {
    loop {
        match outbound.next().await {
            Sending::Batch(batch) => {
                for outgoing in batch {
                    // Pings are Engine.IO's business.
                    let Outgoing::Text(frame) = outgoing else { continue };
                    let frame = std::str::from_utf8(&frame).expect("frames are JSON text");
                    line.send(told::packet(frame, answers).expect("frames are JSON with a type")).await?;
                }
            }
            Sending::Close(Close { code, reason }) => {
                let told = json!({ "code": code, "reason": reason }).to_string();
                line.send(packet::event("closing", &told)).await?;
                let is_told_to_leave = !(4000..4100).contains(&code);
                if is_told_to_leave {
                    line.send(packet::disconnect()).await?;
                }
                let read = async {
                    // Who is told to leave closes the transport. To close it while they still send would throw away what
                    // they have not read: then they do not know why, and come back.
                    if line.taken().await.is_ok() && is_told_to_leave {
                        inbox.gone.cancelled().await;
                    }
                };
                let _ = timeout(CLOSE_GRACE, read).await;
                return Ok(());
            }
        }
    }
}
