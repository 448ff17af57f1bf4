//! Trying again while the store is away: a full disk, a database that restarts.

use crate::api::from_store;
use futures::FutureExt;
use protocol::{ExecutionId, Problem};
use std::time::Duration;
use store::{Commit, Committed, ExecutionChange, Store, StoreError, StoredTask};

/// Longest pause between two tries.
const CAP: Duration = Duration::from_secs(5);

/// For a read that whoever moves executions needs: an execution that could not be read would stay where it is for as
/// long as this server lives.
pub(crate) struct Patience(Duration);

impl Patience {
    pub(crate) fn new() -> Self {
        Self(Duration::from_millis(50))
    }

    /// Rests when another try may mend it; else says no, at once.
    pub(crate) async fn outlasts(&mut self, problem: &Problem) -> bool {
        if problem.temporary {
            tracing::warn!(%problem, pause = ?self.0, "the store cannot be read now; trying again");
            self.rest().await;
        }
        problem.temporary
    }

    async fn rest(&mut self) {
        tokio::time::sleep(self.longer()).await;
    }

    /// How long to pause now.
    fn longer(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(CAP);
        pause
    }
}

/// Commits, trying again while the store cannot take it.
pub(crate) async fn commit(store: &dyn Store, commit: Commit) -> Result<Committed, StoreError> {
    let mut patience = Patience::new();
    let mut pause = |error: &StoreError| {
        let pause = patience.longer();
        tracing::error!(%error, ?pause, "the store cannot take a decision now; trying again");
        tokio::time::sleep(pause).boxed()
    };
    store.commit_at_last(commit, &mut pause).await
}

/// A commit of the same name that a store answers as it answered the first, or would have, and never makes: no execution
/// has had so many events.
pub(crate) fn probe(commit: &Commit) -> Commit {
    let Commit { id, time, execution, events, .. } = commit;
    let never = |execution| ExecutionChange { expected_version: u64::from(u32::MAX), ..execution };
    let (execution, events) = (execution.clone().map(never), events.iter().take(1).cloned().collect());
    Commit { id: *id, time: *time, execution, events, tasks: Vec::new() }
}

/// What a commit came to on which the store failed, from its [`probe`]: that it was made after all, or the error.
pub(crate) async fn if_made(store: &dyn Store, probe: Commit, error: StoreError) -> Result<Committed, StoreError> {
    commit(store, probe).await.map_err(|_| error)
}

/// What is still to be done for an execution, as the store has it once it answers.
pub(crate) async fn open_tasks(store: &dyn Store, id: ExecutionId) -> Result<Vec<StoredTask>, Problem> {
    let mut patience = Patience::new();
    loop {
        match store.open_tasks(Some(id)).await.map_err(from_store) {
            Err(problem) if patience.outlasts(&problem).await => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_store_that_is_away_is_waited_for_ever_less_often_and_what_stays_wrong_is_told_at_once() {
        let away = |temporary| from_store(StoreError::Backend { message: "away".to_owned(), temporary });
        let mut patience = Patience::new();
        let began = tokio::time::Instant::now();
        for _ in 0..10 {
            assert!(patience.outlasts(&away(true)).await);
        }
        let waited = began.elapsed();
        assert!(waited > CAP && waited < CAP * 10, "{waited:?}");
        assert!(!patience.outlasts(&away(false)).await);
        assert_eq!(began.elapsed(), waited);
    }
}
