//! One connection, from the handshake to its end.

use super::{
    WorkerError,
    desk::Desk,
    incoming::{self, Incoming},
    work::Bench,
};
use crate::wire::{self, Refused, Socket};
use futures::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use protocol::{
    Task,
    frame::{ServerFrame, ToWorker, worker::SUBPROTOCOL},
};
use std::{collections::HashMap, pin::pin, sync::Arc, time::Duration};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{
    Error, Message,
    http::{
        HeaderValue, Uri,
        header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL},
    },
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a server may take to answer our close.
const CLOSE: Duration = Duration::from_secs(2);

/// What all connections of a worker have in common.
pub(super) struct Office {
    pub(super) address: Uri,
    pub(super) token: Option<Token>,
    pub(super) desk: Arc<Desk>,
    pub(super) benches: HashMap<&'static str, Bench>,
    pub(super) tasks: TaskTracker,
    /// Everything is done: close and do not come back.
    pub(super) leaves: CancellationToken,
    pub(super) on_joined: Box<dyn Fn(&str) + Send + Sync>,
}

/// Not shown by `Debug`.
#[derive(Clone)]
pub(super) struct Token(pub(super) String);

/// How a connection ended that may be opened again.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// It was taken in: the next try need not wait long.
    pub(super) had_joined: bool,
    /// The server said when to come back.
    pub(super) after: Option<Duration>,
    pub(super) why: String,
}

impl Office {
    /// Serves one connection.
    ///
    /// # Errors
    /// When another would end the same way.
    pub(super) async fn serve(&self) -> Result<Ended, WorkerError> {
        let mut headers = vec![(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL))];
        if let Some(Token(token)) = &self.token {
            let bearer = HeaderValue::from_str(&format!("Bearer {token}"));
            let mut bearer =
                bearer.map_err(|_| WorkerError::Refused("its token cannot be sent in a header".to_owned()))?;
            bearer.set_sensitive(true);
            headers.push((AUTHORIZATION, bearer));
        }
        let opened = tokio::select! {
            opened = wire::open(&self.address, &headers) => opened,
            () = self.leaves.cancelled() => return Ok(Ended::default()),
        };
        let socket = match opened.map_err(wire::refused) {
            Ok(socket) => socket,
            Err(Refused::Later(why)) => return Ok(Ended { why, ..Ended::default() }),
            Err(Refused::Forbidden(said)) => return Err(WorkerError::Refused(said)),
            Err(Refused::NotAServer(said)) => return Err(WorkerError::NotAServer(self.address.to_string(), said)),
        };
        let (sink, stream) = socket.split();
        let mut writing = pin!(self.write(sink));
        let mut reading = pin!(self.read(stream));
        let ended = tokio::select! {
            ended = &mut reading => ended,
            written = &mut writing => match written {
                Ok(()) => match timeout(CLOSE, reading).await {
                    Ok(ended) => ended,
                    Err(_) => Ok(Ended::default()),
                },
                // What the server said last tells more than that it does not listen.
                Err(error) => match timeout(CLOSE, reading).await {
                    Ok(ended) => ended,
                    Err(_) => Ok(Ended { why: error.to_string(), ..Ended::default() }),
                },
            },
        };
        self.desk.disconnected();
        ended
    }

    /// Sends what the desk has. Ends well when the worker leaves.
    async fn write(&self, mut sink: SplitSink<Socket, Message>) -> Result<(), Error> {
        loop {
            let mut sent = false;
            while let Some(frame) = self.desk.next() {
                sink.feed(Message::text(frame)).await?;
                sent = true;
            }
            if sent {
                sink.flush().await?;
            }
            let beat = async {
                match self.desk.beat_at() {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.desk.changed.notified() => {}
                () = beat => {}
                () = self.leaves.cancelled() => {
                    sink.send(Message::Close(None)).await?;
                    return Ok(());
                }
            }
        }
    }

    async fn read(&self, mut stream: SplitStream<Socket>) -> Result<Ended, WorkerError> {
        let mut ended = Ended::default();
        while let Some(message) = stream.next().await {
            match message {
                Ok(Message::Text(text)) => self.received(&text, &mut ended)?,
                Ok(Message::Close(Some(frame))) => {
                    let code = u16::from(frame.code);
                    ended.why = format!("closed with {code}: {}", frame.reason);
                    if wire::is_terminal(code) {
                        return Err(WorkerError::Refused(ended.why));
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    if ended.why.is_empty() {
                        ended.why = error.to_string();
                    }
                    break;
                }
            }
        }
        Ok(ended)
    }

    fn received(&self, text: &str, ended: &mut Ended) -> Result<(), WorkerError> {
        let incoming = incoming::read(text).map_err(|error| {
            WorkerError::NotAServer(self.address.to_string(), format!("it sent what cannot be read: {error}"))
        })?;
        match incoming {
            Incoming::Worker(frame) => self.told(frame, ended),
            Incoming::Server(ServerFrame::Hello { limits, .. }) => self.desk.connected(limits.frame_bytes),
            Incoming::Server(ServerFrame::Draining { reconnect_after_ms }) => {
                ended.after = Some(Duration::from_millis(reconnect_after_ms));
            }
            Incoming::Server(ServerFrame::Error { code, message, temporary, .. }) => {
                if !ended.had_joined && !temporary {
                    return Err(WorkerError::Refused(format!("{message} ({code})")));
                }
                tracing::warn!(code, message, "the server answered with an error");
                ended.why = message;
            }
            Incoming::Server(_) | Incoming::Other => {}
        }
        Ok(())
    }

    fn told(&self, frame: ToWorker, ended: &mut Ended) {
        match frame {
            ToWorker::Joined { worker, heartbeat_ms, .. } => {
                ended.had_joined = true;
                tracing::info!(worker, server = %self.address, "joined");
                self.desk.joined(heartbeat_ms);
                (self.on_joined)(&worker);
            }
            ToWorker::Tasks { leases } => {
                for lease in leases {
                    self.begin(lease.into());
                }
            }
            ToWorker::Reported { id, settled } => self.desk.reported(id.and_then(|id| id.as_u64()), &settled),
            ToWorker::Cancel { tasks } => self.desk.cancel(&tasks),
            ToWorker::Draining { .. } => self.desk.drained(),
        }
    }

    fn begin(&self, task: Task) {
        let Some(switch) = self.desk.begin(&task.key, task.heartbeat_ms) else { return };
        match self.benches.get(task.protocol.as_str()) {
            Some(bench) => {
                self.tasks.spawn(bench.clone().work(task, switch, self.desk.clone()));
            }
            None => {
                tracing::error!(task = %task.key, protocol = task.protocol, "nobody here offers this protocol");
                self.desk.release(&task.key);
            }
        }
    }
}
