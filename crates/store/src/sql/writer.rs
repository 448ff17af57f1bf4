//! The one writer hands everything that waits to its [`Log`] as one group.
//!
//! Callers only send and wait, so dropping a caller's future cannot stop a transaction half way.

use super::{
    backend::{Failed, Fate, Known, Log},
    linger::{Linger, PATIENCE},
    recent::{Answer as Before, Recent},
    request::{Answered, GROUP, Request, Undone, Waiting, take_group},
};
use crate::{StoreError, feed::Feed};
use futures::FutureExt;
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{
            AtomicU64,
            Ordering::{Relaxed, Release},
        },
    },
    thread,
    time::Instant,
};
use tokio::sync::{mpsc, watch};

pub(crate) struct Writer<L: Log> {
    log: L,
    requests: mpsc::Receiver<Request<L::Rows>>,
    closing: watch::Receiver<bool>,
    linger: Linger,
    recent: Recent,
    feed: Arc<Feed>,
    flushes: Arc<AtomicU64>,
    besides: Arc<AtomicU64>,
}

/// What a caller is answered.
type Answer = Result<Answered, StoreError>;

/// What the writer shares with the store's handle.
pub(crate) struct Shared<R> {
    pub(crate) requests: mpsc::Receiver<Request<R>>,
    pub(crate) closing: watch::Receiver<bool>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) flushes: Arc<AtomicU64>,
    pub(crate) besides: Arc<AtomicU64>,
}

impl<L: Log> Writer<L> {
    /// `known`: the commits at the end of the log.
    pub(crate) fn new(log: L, known: Known, shared: Shared<L::Rows>) -> Self {
        let Shared { requests, closing, feed, flushes, besides } = shared;
        let mut recent = Recent::default();
        for (id, answer) in known {
            recent.insert(id, answer);
        }
        Self { log, requests, closing, linger: Linger::default(), recent, feed, flushes, besides }
    }

    /// Runs until the store is closed or dropped and nothing waits any more.
    pub(crate) async fn run(mut self) {
        let mut waiting: VecDeque<Request<L::Rows>> = VecDeque::with_capacity(GROUP);
        let mut arrived = Vec::with_capacity(GROUP);
        let mut closing = self.closing.clone();
        loop {
            if waiting.is_empty() {
                tokio::select! {
                    biased;
                    count = self.requests.recv_many(&mut arrived, GROUP) => if count == 0 { break },
                    _ = closing.changed(), if !self.requests.is_closed() => self.requests.close(),
                }
            } else if waiting.len() < GROUP {
                let room = GROUP - waiting.len();
                // Only what is here already.
                let _ = self.requests.recv_many(&mut arrived, room).now_or_never();
            }
            waiting.extend(arrived.drain(..));
            self.linger(&mut waiting, &mut arrived).await;
            match waiting.pop_front() {
                Some(Request::Beside(job, answer)) => {
                    let done = self.log.beside(job).await;
                    self.besides.fetch_add(1, Release);
                    // A caller that has gone does not mind.
                    let _ = answer.send(done);
                }
                Some(commit) => {
                    waiting.push_front(commit);
                    let group = take_group(&mut waiting);
                    self.linger.wrote(group.len());
                    for (entry, answer) in self.commit_group(group).await.into_iter().rev() {
                        waiting.push_front(Request::Commit(entry, answer));
                    }
                }
                None => {}
            }
        }
        self.feed.end();
        self.log.close().await;
    }

    /// Looks on for a moment, if that is worth it.
    async fn linger(&mut self, waiting: &mut VecDeque<Request<L::Rows>>, arrived: &mut Vec<Request<L::Rows>>) {
        let (wanted, before) = (self.linger.wanted(), waiting.len());
        if before >= wanted || self.requests.is_closed() {
            return;
        }
        let begin = Instant::now();
        while waiting.len() < wanted && begin.elapsed() < PATIENCE {
            if L::BLOCKS {
                thread::yield_now();
            } else {
                tokio::task::yield_now().await;
            }
            let _ = self.requests.recv_many(arrived, wanted - waiting.len()).now_or_never();
            waiting.extend(arrived.drain(..));
        }
        self.linger.waited(before, waiting.len());
    }

    /// Returns the commits whose turn is the next group's.
    async fn commit_group(&mut self, mut group: Vec<Waiting<L::Rows>>) -> Vec<Waiting<L::Rows>> {
        match self.write(&mut group).await {
            Ok(answers) => {
                let mut left = Vec::new();
                for (waiting, result) in group.into_iter().zip(answers) {
                    match result {
                        // A caller that has gone does not mind.
                        Some(result) => drop(waiting.1.send(result.map_err(|error| Undone { error, entry: None }))),
                        None => left.push(waiting),
                    }
                }
                left
            }
            // One of them holds a row that cannot be: alone, each gets its own answer.
            Err(Failed { constraint: true, .. }) if group.len() > 1 => {
                for waiting in group {
                    let mut alone = vec![waiting];
                    while !alone.is_empty() {
                        alone = Box::pin(self.commit_group(alone)).await;
                    }
                }
                Vec::new()
            }
            Err(Failed { error, .. }) => {
                tracing::warn!(%error, commits = group.len(), "nothing was committed");
                for (entry, answer) in group {
                    let _ = answer.send(Err(Undone { error: error.clone(), entry: Some(entry) }));
                }
                Vec::new()
            }
        }
    }

    /// After an error nothing of the group is there. `None`: the commit's turn is the next group's.
    async fn write(&mut self, group: &mut [Waiting<L::Rows>]) -> Result<Vec<Option<Answer>>, Failed> {
        let written = self.log.write(group, &mut self.recent).await?;
        if written.flushed {
            self.flushes.fetch_add(1, Relaxed);
        }
        let mut batch = Vec::new();
        let mut answers: Vec<Option<Answer>> = Vec::with_capacity(group.len());
        for ((entry, _), fate) in group.iter_mut().zip(written.fates) {
            answers.push(match (fate, &entry.change) {
                (Fate::Applied { first }, _) => {
                    let events = entry.placed(first);
                    self.recent.insert(entry.id, Before { first, has_events: !events.is_empty() });
                    if !events.is_empty() {
                        batch.push(events.clone());
                    }
                    Some(Ok(Answered::Applied { first, events }))
                }
                (Fate::Duplicate(answer), _) => Some(Ok(Answered::Before(answer))),
                (Fate::Same(earlier), _) => answers[earlier].clone(),
                (Fate::Conflict { found }, Some(change)) => {
                    let (execution, expected) = (change.execution_id, change.expected);
                    Some(Err(StoreError::Conflict { execution, expected, found }))
                }
                (Fate::Taken { by }, _) => {
                    let key = entry.submission().unwrap_or_default().to_owned();
                    Some(Err(StoreError::Exists { key, execution: by }))
                }
                (Fate::Conflict { .. }, None) => unreachable!("only a commit of an execution can conflict"),
                (Fate::Again, _) => None,
            });
        }
        // A backend may put the commits of one execution together.
        batch.sort_by_key(|events| events.first().and_then(|event| event.position));
        if !batch.is_empty() {
            self.feed.send(batch, written.bytes);
        }
        Ok(answers)
    }
}
