//! Committed batches on their way to the one reader: bounded, never waiting for it.

use crate::CommittedBatch;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::mpsc;

/// Batches kept for a slow reader. A batch of one commit takes 0.3 ms to write, so this is a third of a second;
/// then batches are left out, and the reader fetches them from the log.
const FEED_BATCHES: usize = 1_024;
/// Bytes of event data kept for a slow reader, for large batches; then as above.
const FEED_BYTES: usize = 64 * 1024 * 1024;

/// The sending side. Nothing is kept until somebody has taken the receiver.
#[derive(Debug, Default)]
pub(crate) struct Feed(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Nobody can take it (any more).
    taken: bool,
    sender: Option<mpsc::Sender<CommittedBatch>>,
    /// Sizes of the newest batches sent, oldest first; at least of those still in the channel.
    sizes: VecDeque<usize>,
}

impl Feed {
    /// The receiver, the first time.
    pub(crate) fn take(&self) -> Option<mpsc::Receiver<CommittedBatch>> {
        let mut state = self.state();
        if std::mem::replace(&mut state.taken, true) {
            return None;
        }
        let (sender, receiver) = mpsc::channel(FEED_BATCHES);
        state.sender = Some(sender);
        Some(receiver)
    }

    /// Hands a batch over, or leaves it out when the reader is too far behind. `bytes` is its event data.
    pub(crate) fn send(&self, batch: CommittedBatch, bytes: usize) {
        let State { sender, sizes, .. } = &mut *self.state();
        let Some(sender) = sender else { return };
        let waiting = sender.max_capacity() - sender.capacity();
        while sizes.len() > waiting {
            sizes.pop_front();
        }
        let fits = waiting == 0 || sizes.iter().sum::<usize>() + bytes <= FEED_BYTES;
        if fits && sender.try_send(batch).is_ok() {
            sizes.push_back(bytes);
        } else {
            tracing::debug!(waiting, "the reader of committed batches is behind; it will read the log");
        }
    }

    /// Nothing more will come.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.taken = true;
        state.sender = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(receiver: &mut mpsc::Receiver<CommittedBatch>) -> usize {
        std::iter::from_fn(|| receiver.try_recv().ok()).count()
    }

    #[test]
    fn nothing_is_kept_before_somebody_reads() {
        let feed = Feed::default();
        feed.send(Vec::new(), 1);
        let mut receiver = feed.take().expect("the first taker gets it");
        assert!(feed.take().is_none());
        assert_eq!(received(&mut receiver), 0);
    }

    #[test]
    fn a_reader_behind_by_count_or_bytes_misses_batches_and_then_goes_on() {
        for (bytes, kept) in [(1, FEED_BATCHES), (FEED_BYTES / 4, 4), (FEED_BYTES * 2, 1)] {
            let feed = Feed::default();
            let mut receiver = feed.take().expect("the first taker gets it");
            for _ in 0..2 {
                for _ in 0..FEED_BATCHES + 10 {
                    feed.send(Vec::new(), bytes);
                }
                assert_eq!(received(&mut receiver), kept, "{bytes} bytes each");
            }
        }
    }
}
