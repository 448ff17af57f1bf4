//! Which version is the newest, where others may register one at any time: many ask at once, and one look answers all
//! who asked before it began.

use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use store::StoreError;
use tokio::sync::Semaphore;

/// Looks under way at once. Who asks beyond it shares the next one.
const AT_ONCE: usize = 4;
/// Paths remembered whose look may have ended, after which those are forgotten.
const KEPT: usize = 64;

type Answer = Result<Option<u32>, StoreError>;
type Ask = dyn Fn(String) -> BoxFuture<'static, Answer> + Send + Sync;
type Waiting = HashMap<String, WeakShared<BoxFuture<'static, Answer>>>;

pub(super) struct Looks {
    ask: Arc<Ask>,
    /// Looks that have not begun, by path. Those who wait for one hold it: when they have gone, so has it, and its turn.
    waiting: Arc<Mutex<Waiting>>,
    turns: Arc<Semaphore>,
}

impl Looks {
    /// `ask`: looks up one path.
    pub(super) fn new(ask: Arc<Ask>) -> Self {
        Self { ask, waiting: Arc::default(), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// The newest version at some moment after the call.
    pub(super) async fn newest(&self, path: &str) -> Answer {
        let look = self.join(path);
        look.await
    }

    fn join(&self, path: &str) -> Shared<BoxFuture<'static, Answer>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(look) = waiting.get(path).and_then(WeakShared::upgrade) {
            return look;
        }
        if waiting.len() >= KEPT {
            waiting.retain(|_, look| look.upgrade().is_some());
        }
        let look = self.look(path.to_owned()).boxed().shared();
        if let Some(weak) = look.downgrade() {
            waiting.insert(path.to_owned(), weak);
        }
        look
    }

    fn look(&self, path: String) -> impl Future<Output = Answer> + use<> {
        let (ask, waiting, turns) = (self.ask.clone(), self.waiting.clone(), self.turns.clone());
        async move {
            // Nobody closes it.
            let _turn = turns.acquire().await;
            // Whoever asks from now on needs a later one.
            waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&path);
            ask(path).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    /// Looks that begin at once and end when they are let go; each answers how many had begun with it.
    struct Held {
        looks: Looks,
        begun: Arc<AtomicU32>,
        gate: Arc<Semaphore>,
    }

    impl Held {
        fn new() -> Self {
            let (begun, gate) = (Arc::new(AtomicU32::new(0)), Arc::new(Semaphore::new(0)));
            let ask = {
                let (begun, gate) = (begun.clone(), gate.clone());
                move |_| {
                    let (number, gate) = (begun.fetch_add(1, SeqCst) + 1, gate.clone());
                    async move {
                        gate.acquire().await.unwrap().forget();
                        Ok(Some(number))
                    }
                    .boxed()
                }
            };
            Self { looks: Looks::new(Arc::new(ask)), begun, gate }
        }

        /// Somebody who has asked, as far as it goes.
        fn asked(&self) -> Shared<BoxFuture<'static, Answer>> {
            let mut look = self.looks.join("p/one");
            assert!((&mut look).now_or_never().is_none(), "nobody was let go");
            look
        }
    }

    #[tokio::test]
    async fn those_who_ask_while_others_look_share_one_look() {
        let held = Held::new();
        let first: Vec<_> = (0..AT_ONCE).map(|_| held.asked()).collect();
        let others: Vec<_> = (0..100).map(|_| held.asked()).collect();
        held.gate.add_permits(AT_ONCE + 1);
        for (index, look) in first.into_iter().enumerate() {
            assert_eq!(look.await.unwrap(), Some(index as u32 + 1), "asked before any other began");
        }
        for look in others {
            assert_eq!(look.await.unwrap(), Some(AT_ONCE as u32 + 1));
        }
        assert_eq!(held.begun.load(SeqCst), AT_ONCE as u32 + 1);
    }

    #[tokio::test]
    async fn a_look_under_way_answers_nobody_who_comes_later() {
        let held = Held::new();
        let (first, second) = (held.asked(), held.asked());
        held.gate.add_permits(2);
        assert_eq!((first.await.unwrap(), second.await.unwrap()), (Some(1), Some(2)));
    }

    #[tokio::test]
    async fn those_who_go_leave_no_turn_taken() {
        let held = Held::new();
        let first: Vec<_> = (0..AT_ONCE).map(|_| held.asked()).collect();
        drop(held.asked());
        drop(first);
        let last = held.asked();
        held.gate.add_permits(1);
        assert_eq!(last.await.unwrap(), Some(AT_ONCE as u32 + 1));
        assert_eq!(held.looks.waiting.lock().unwrap().len(), 0);
    }
}
