//! What a client is made of.

use super::{
    Client, ClientError, Subscription,
    debug::Debug,
    handle::{ASKS, Ask},
    positions::Positions,
    stay::Stay,
    subscribing::spoken,
};
use crate::wire::{self, Backoff};
use futures::future::BoxFuture;
use protocol::{Epoch, Position, Topic};
use std::{collections::VecDeque, future::Future, sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// What was told and not read yet: then no more is read from the server. A frame or two of a busy topic.
const UNREAD: usize = 256;

/// Gets a token.
pub(super) type Tokens = Arc<dyn Fn() -> BoxFuture<'static, String> + Send + Sync>;

/// A topic, and where to go on in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    pub topic: Topic,
    /// Everything after this position is told. Absent: live only.
    pub after: Option<Position>,
    /// The epoch `after` is a position of.
    pub epoch: Option<Epoch>,
}

impl Resume {
    pub fn live(topic: Topic) -> Self {
        Self { topic, after: None, epoch: None }
    }
}

/// A client to be. Nothing is opened before [`Builder::start`].
pub struct Builder {
    server: String,
    wanted: Vec<Result<Resume, String>>,
    tokens: Option<Tokens>,
    /// `None`: a connection that breaks is the end.
    backoff: Option<Backoff>,
    debug: Debug,
}

impl Client {
    /// A client of the server at this URL (`http://127.0.0.1:9999`, `https://…`).
    pub fn connect(server: impl Into<String>) -> Builder {
        let (server, backoff) = (server.into(), Some(Backoff::new()));
        Builder { server, wanted: Vec::new(), tokens: None, backoff, debug: Debug::default() }
    }

    /// One that is told of all five streams.
    pub fn monitoring(server: impl Into<String>) -> Builder {
        [
            Topic::AgentStates,
            Topic::PerformanceMetrics,
            Topic::WorkflowExecutions,
            Topic::MemoryTimeline,
            Topic::SystemAlerts,
        ]
        .into_iter()
        .fold(Self::connect(server), |builder, topic| builder.resume(Resume::live(topic)))
    }

    /// One that is told how the executions of one playbook are getting on; with `*`, those of all.
    pub fn workflow(server: impl Into<String>, path: impl Into<String>) -> Builder {
        // By its name, as the server will read it: `workflow:*` is a topic of its own.
        Self::connect(server).subscribe(&Topic::Workflow(path.into()).to_string())
    }
}

impl Builder {
    /// Subscribes to a topic by its name, from now on.
    pub fn subscribe(mut self, topic: &str) -> Self {
        let topic: Result<Topic, _> = topic.parse();
        self.wanted.push(topic.map(Resume::live).map_err(|error| error.to_string()));
        self
    }

    /// Subscribes from a position kept earlier.
    pub fn resume(mut self, resume: Resume) -> Self {
        self.wanted.push(Ok(Resume { topic: spoken(resume.topic), ..resume }));
        self
    }

    /// An API token or JWT.
    pub fn token(self, token: impl Into<String>) -> Self {
        let token = token.into();
        self.tokens_from(move || std::future::ready(token.clone()))
    }

    /// Who gets a fresh token: asked at each connection, and when four fifths of the time of the one before are over. The
    /// fresh one takes its place on the same connection. When the server ends one all the same, the client comes back
    /// with the next and goes on exactly where it was.
    pub fn tokens_from<F>(mut self, tokens: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = String> + Send + 'static,
    {
        self.tokens = Some(Arc::new(move || Box::pin(tokens())));
        self
    }

    /// How long to wait before connecting again: up to `first` at first, twice as long each time, and no longer than
    /// `longest`. Otherwise 0.1 s and 10 s.
    pub fn reconnect(mut self, first: Duration, longest: Duration) -> Self {
        self.backoff = Some(Backoff::between(first, longest));
        self
    }

    /// A connection that breaks, or does not come about, is the end.
    pub fn never_reconnect(mut self) -> Self {
        self.backoff = None;
        self
    }

    /// Tells `tracing`, at INFO under the target `signalbox`, of each frame and each try to connect. Tokens are not told.
    pub fn debug(self) -> Self {
        self.debug_to(|line| tracing::info!(target: "signalbox", "{line}"))
    }

    /// The same, to a function that is called with each line.
    pub fn debug_to(mut self, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.debug = Debug(Some(Arc::new(tell)));
        self
    }

    /// Connects, and again whenever the connection breaks ([`Builder::reconnect`]), in a task of the runtime that this
    /// is called in. It ends when [`Client::close`] is called, or every [`Client`] and the [`Subscription`] are dropped.
    ///
    /// # Errors
    /// When the address is none, or a topic's name names no topic.
    pub fn start(self) -> Result<(Client, Subscription), ClientError> {
        let address = wire::address(&self.server).ok_or_else(|| ClientError::Address(self.server.clone()))?;
        let mut positions = Positions::default();
        for wanted in self.wanted {
            let refused =
                |message| ClientError::Refused { code: "invalid_topic".to_owned(), message, temporary: false };
            positions.want(wanted.map_err(refused)?);
        }
        let (asks, asked) = mpsc::channel::<Ask>(ASKS);
        let (tell, told) = mpsc::channel(UNREAD);
        let (client, shared) = Client::new(asks, positions, self.tokens, self.debug);
        tokio::spawn(Stay { address, backoff: self.backoff, shared, asked, tell, untold: VecDeque::new() }.run());
        Ok((client, Subscription(told)))
    }
}
