//! The handle of a client.

use super::{ClientError, Resume, State, builder::Tokens, clock, debug::Debug, positions::Positions};
use protocol::{Event, Position};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

/// Requests on their way to the connection. More wait where they are made.
pub(super) const ASKS: usize = 64;

/// A frame without its id, and who waits for the answer: the frame that answers it.
pub(super) struct Ask {
    pub(super) frame: Value,
    pub(super) answer: oneshot::Sender<Result<Value, ClientError>>,
}

/// What the handles and the connection share.
pub(super) struct Shared {
    positions: Mutex<Positions>,
    pub(super) closing: CancellationToken,
    /// Why it is closed, once it is.
    closed: Mutex<Option<String>>,
    state: watch::Sender<State>,
    /// Who has it waits to ask again.
    again: Semaphore,
    pub(super) tokens: Option<Tokens>,
    pub(super) debug: Debug,
}

impl Shared {
    /// Never held over an await.
    pub(super) fn positions(&self) -> MutexGuard<'_, Positions> {
        self.positions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn close(&self, why: &str) {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| why.to_owned());
        self.became(State::Closed);
    }

    /// One that is closed stays so.
    pub(super) fn became(&self, state: State) {
        self.state.send_if_modified(|present| {
            let is_news = *present != State::Closed && *present != state;
            if is_news {
                *present = state;
            }
            is_news
        });
    }

    pub(super) fn closed(&self) -> ClientError {
        let why = self.closed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        ClientError::Closed(why.unwrap_or_else(|| "its task has ended".to_owned()))
    }
}

/// A message is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// Where it is in the log; `None` when it is not kept.
    pub position: Option<Position>,
}

/// The handle of a client: cheap to clone, and usable while what is told is read elsewhere.
#[derive(Clone)]
pub struct Client {
    asks: mpsc::Sender<Ask>,
    shared: Arc<Shared>,
}

impl Client {
    pub(super) fn new(
        asks: mpsc::Sender<Ask>,
        positions: Positions,
        tokens: Option<Tokens>,
        debug: Debug,
    ) -> (Self, Arc<Shared>) {
        let shared = Arc::new(Shared {
            positions: Mutex::new(positions),
            closing: CancellationToken::new(),
            closed: Mutex::new(None),
            state: watch::Sender::new(State::Connecting),
            again: Semaphore::new(1),
            tokens,
            debug,
        });
        (Self { asks, shared: shared.clone() }, shared)
    }

    /// Calls a method of the API, as REST does (docs/api.md).
    ///
    /// # Errors
    /// The server's problem; [`ClientError::Disconnected`] when the connection broke before the answer.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value, ClientError> {
        let answer = self.ask(json!({"type": "command", "method": method, "params": params})).await;
        answer.map(|mut answer| answer["result"].take())
    }

    /// Publishes one of the five messages: `client.publish(AgentState::new(…))`, of now unless it has a time. Resolves when
    /// it is durable, or taken in if it is of a kind that is not kept.
    ///
    /// # Errors
    /// As [`Client::call`]. After [`ClientError::Disconnected`] the message may be there or not. One that is given up
    /// (its future dropped) while it waits for a connection is not sent.
    pub async fn publish(&self, message: impl Into<Event>) -> Result<Published, ClientError> {
        let mut event = message.into();
        event.stamp(clock::now());
        let mut message = serde_json::to_value(event.data()).map_err(|_| unreadable())?;
        message["type"] = event.name().into();
        let mut answer = self.ask(json!({"type": "publish", "message": message})).await?;
        let position = serde_json::from_value(answer["position"].take()).map_err(|_| unreadable())?;
        Ok(Published { position })
    }

    /// The topics wanted, each with the position it has: what another client's [`super::Builder::resume`] goes on from.
    pub fn snapshot(&self) -> Vec<Resume> {
        self.shared.positions().snapshot()
    }

    /// How it stands with its server, now.
    pub fn state(&self) -> State {
        *self.shared.state.borrow()
    }

    /// Resolves when it is not [`State::Open`].
    pub(super) async fn is_away(&self) {
        // It cannot end: we have the sender.
        let _ = self.shared.state.subscribe().wait_for(|state| *state != State::Open).await;
    }

    pub(super) fn again(&self) -> &Semaphore {
        &self.shared.again
    }

    pub(super) fn positions(&self) -> MutexGuard<'_, Positions> {
        self.shared.positions()
    }

    pub(super) async fn token(&self) -> Option<String> {
        match &self.shared.tokens {
            Some(tokens) => Some(tokens().await),
            None => None,
        }
    }

    /// Ends it for good.
    pub fn close(&self) {
        self.shared.close("close() was called");
        self.shared.closing.cancel();
    }

    pub(super) async fn ask(&self, frame: Value) -> Result<Value, ClientError> {
        let (answer, answered) = oneshot::channel();
        self.asks.send(Ask { frame, answer }).await.map_err(|_| self.shared.closed())?;
        answered.await.map_err(|_| self.shared.closed())?
    }
}

pub(super) fn unreadable() -> ClientError {
    let message = "the server's answer cannot be read".to_owned();
    ClientError::Refused { code: "unreadable".to_owned(), message, temporary: false }
}
