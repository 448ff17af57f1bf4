//! Figures of the hub.

use crate::session::Close;
use protocol::api::HubHealth;
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tokio::sync::watch;

pub(crate) struct Counters {
    connections: watch::Sender<u64>,
    handshakes: AtomicU64,
    topics: AtomicU64,
    subscriptions: AtomicU64,
    catch_ups: AtomicU64,
    ephemeral_dropped: AtomicU64,
    gaps: AtomicU64,
    buffered: AtomicU64,
    flushes: AtomicU64,
    /// By code and words, of which there are as many as in the sources.
    closes: Mutex<BTreeMap<(u16, &'static str), u64>>,
    /// By code, of which there are as many as in docs/errors.md.
    errors: Mutex<BTreeMap<String, u64>>,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            connections: watch::Sender::new(0),
            handshakes: AtomicU64::new(0),
            topics: AtomicU64::new(0),
            subscriptions: AtomicU64::new(0),
            catch_ups: AtomicU64::new(0),
            ephemeral_dropped: AtomicU64::new(0),
            gaps: AtomicU64::new(0),
            buffered: AtomicU64::new(0),
            flushes: AtomicU64::new(0),
            closes: Mutex::default(),
            errors: Mutex::default(),
        }
    }

    pub(crate) fn connection_opened(&self) {
        self.handshakes.fetch_add(1, Relaxed);
        self.connections.send_modify(|open| *open += 1);
    }

    pub(crate) fn connection_closed(&self) {
        self.connections.send_modify(|open| *open = open.saturating_sub(1));
    }

    /// Resolves when no connection is open.
    pub(crate) async fn none_connected(&self) {
        let mut connections = self.connections.subscribe();
        // The sender is in self: it cannot go away meanwhile.
        let _ = connections.wait_for(|open| *open == 0).await;
    }

    pub(crate) fn catch_up_started(&self) {
        self.catch_ups.fetch_add(1, Relaxed);
    }

    pub(crate) fn gap_told(&self) {
        self.gaps.fetch_add(1, Relaxed);
    }

    pub(crate) fn set_buffers(&self, buffered: u64, flushes: u64) {
        self.buffered.store(buffered, Relaxed);
        self.flushes.store(flushes, Relaxed);
    }

    pub(crate) fn ephemeral_gave_way(&self, count: u64) {
        self.ephemeral_dropped.fetch_add(count, Relaxed);
    }

    pub(crate) fn ephemeral_dropped(&self) -> u64 {
        self.ephemeral_dropped.load(Relaxed)
    }

    pub(crate) fn closed(&self, close: &Close) {
        *self.lock_closes().entry((close.code, close.reason)).or_default() += 1;
    }

    pub(crate) fn closes(&self) -> Vec<(Close, u64)> {
        self.lock_closes().iter().map(|(&(code, reason), count)| (Close { code, reason }, *count)).collect()
    }

    fn lock_closes(&self) -> MutexGuard<'_, BTreeMap<(u16, &'static str), u64>> {
        self.closes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A frame was answered with this error, and the connection stays: that of one which ends is counted as its close.
    pub(crate) fn answered_with(&self, code: &str) {
        let mut errors = self.lock_errors();
        match errors.get_mut(code) {
            Some(count) => *count += 1,
            None => {
                errors.insert(code.to_owned(), 1);
            }
        }
    }

    pub(crate) fn errors(&self) -> Vec<(String, u64)> {
        self.lock_errors().iter().map(|(code, count)| (code.clone(), *count)).collect()
    }

    fn lock_errors(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_subscriptions(&self, topics: usize, subscriptions: usize) {
        self.topics.store(topics as u64, Relaxed);
        self.subscriptions.store(subscriptions as u64, Relaxed);
    }

    pub(crate) fn health(&self) -> HubHealth {
        HubHealth {
            connections: *self.connections.borrow(),
            handshakes: self.handshakes.load(Relaxed),
            topics: self.topics.load(Relaxed),
            subscriptions: self.subscriptions.load(Relaxed),
            catch_ups: self.catch_ups.load(Relaxed),
            gaps: self.gaps.load(Relaxed),
            dropped: self.ephemeral_dropped.load(Relaxed),
            buffered: self.buffered.load(Relaxed),
            flushes: self.flushes.load(Relaxed),
        }
    }
}
