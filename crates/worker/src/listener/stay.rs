//! Connects, again and again.

use super::{
    State, Told,
    connection::{Connection, Ended},
    handle::{Ask, Shared},
    proof::Proof,
};
use crate::wire::{self, Backoff, Refused};
use protocol::frame::close;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout_at},
};
use tokio_tungstenite::tungstenite::http::Uri;

/// The life of a client.
pub(super) struct Stay {
    pub(super) address: Uri,
    /// `None`: a connection that breaks is the end.
    pub(super) backoff: Option<Backoff>,
    pub(super) shared: Arc<Shared>,
    pub(super) asked: mpsc::Receiver<Ask>,
    pub(super) tell: mpsc::Sender<Told>,
    /// What is to be told, when there is room: nobody may be reading, and that must not keep the client from its server.
    pub(super) untold: VecDeque<Told>,
}

impl Stay {
    pub(super) async fn run(mut self) {
        let closing = self.shared.closing.clone();
        tokio::select! {
            () = self.stay() => {}
            () = closing.cancelled() => {}
        }
        self.shared.positions().unsubscribed();
        self.shared.became(State::Closed);
        // Who waits is told why by the shared state, when the channels are dropped.
    }

    async fn stay(&mut self) {
        let mut unauthenticated = 0;
        loop {
            let Ended { greeted, code, why, after, terminal } = self.connect().await;
            self.shared.positions().unsubscribed();
            if greeted {
                self.backoff.iter_mut().for_each(Backoff::reset);
                unauthenticated = 0;
            }
            // Tokens that are fetched anew may be better than the one before: once.
            let is_refused = terminal && code == Some(close::UNAUTHENTICATED);
            unauthenticated += u32::from(is_refused);
            let is_renewable = is_refused && self.shared.tokens.is_some() && unauthenticated < 2;
            let pause = self.backoff.as_mut().map(|backoff| after.unwrap_or(Duration::ZERO) + backoff.pause());
            let is_over = (terminal && !is_renewable) || self.is_left();
            let Some(pause) = pause.filter(|_| !is_over) else {
                self.shared.debug.say(|| format!("closed: {why}"));
                self.shared.close(&why);
                self.untold.push_back(Told::Disconnected { code, why, retry: None });
                return self.pass_on().await;
            };
            self.shared.became(State::Waiting);
            self.shared.debug.say(|| format!("{why}; next try in {pause:?}"));
            tracing::info!(server = %self.address, why, ?pause, "not connected; trying again");
            self.untold.push_back(Told::Disconnected { code, why, retry: Some(pause) });
            let come_back = Instant::now() + pause;
            let _ = timeout_at(come_back, self.pass_on()).await;
            sleep_until(come_back).await;
        }
    }

    /// Resolves when everything is told, or nobody listens.
    async fn pass_on(&mut self) {
        while !self.untold.is_empty() {
            let Ok(room) = self.tell.reserve().await else { return self.untold.clear() };
            if let Some(told) = self.untold.pop_front() {
                room.send(told);
            }
        }
    }

    /// Nobody has a handle any more.
    fn is_left(&self) -> bool {
        self.asked.is_closed() && self.tell.is_closed()
    }

    async fn connect(&mut self) -> Ended {
        self.shared.became(State::Connecting);
        let proof = match &self.shared.tokens {
            Some(tokens) => Some(Proof::new(tokens.clone(), tokens().await)),
            None => None,
        };
        self.shared.debug.say(|| format!("connecting to {}", self.address));
        match wire::open(&self.address, &[]).await.map_err(wire::refused) {
            Ok(socket) => {
                let connection = Connection::new(self.shared.clone(), &mut self.untold, proof);
                connection.serve(socket, &mut self.asked, &self.tell).await
            }
            Err(Refused::Later(why)) => Ended { why, ..Ended::default() },
            Err(Refused::Forbidden(why)) => {
                let code = why.starts_with("401").then_some(close::UNAUTHENTICATED);
                Ended { why, code, terminal: true, ..Ended::default() }
            }
            Err(Refused::NotAServer(why)) => Ended { why, terminal: true, ..Ended::default() },
        }
    }
}
