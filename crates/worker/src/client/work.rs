//! One task.

use super::desk::Desk;
use crate::{Cancelled, Progress, Provider, Run};
use futures::FutureExt;
use protocol::Task;
use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{Semaphore, watch},
    time::timeout,
};

/// A provider enforces a task's time limit itself; this much later it is given up on.
const OVERDUE: Duration = Duration::from_secs(5);
/// How long cancelled work may take to stop. Then it is dropped where it stands.
const STOP: Duration = Duration::from_secs(5);

/// A provider, and its places.
#[derive(Clone)]
pub(super) struct Bench {
    pub(super) provider: Arc<dyn Provider>,
    pub(super) places: Arc<Semaphore>,
}

impl Bench {
    /// Runs the task to its end and leaves its report on the desk.
    pub(super) async fn work(self, task: Task, switch: watch::Receiver<bool>, desk: Arc<Desk>) {
        let key = task.key.clone();
        let mut cancelled = Cancelled::of(switch);
        let place = tokio::select! {
            place = self.places.acquire() => place.expect("the semaphore is never closed"),
            () = cancelled.wait() => return desk.release(&key),
        };
        let started = Instant::now();
        let run = self.run(task, cancelled, &desk).await;
        drop(place);
        match run {
            Some(run) => {
                let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
                desk.end(&key, run, duration_ms);
            }
            None => desk.release(&key),
        }
    }

    /// `None`: it was cancelled and does not stop.
    async fn run(&self, task: Task, mut cancelled: Cancelled, desk: &Arc<Desk>) -> Option<Run> {
        let (limit, protocol) = (task.timeout_ms, task.protocol.clone());
        let progress = Progress::to({
            let (desk, key) = (desk.clone(), task.key.clone());
            move |told| desk.tell(&key, told)
        });
        let work = AssertUnwindSafe(self.provider.run_telling(task, cancelled.clone(), progress)).catch_unwind();
        let stopped = async {
            cancelled.wait().await;
            tokio::time::sleep(STOP).await;
        };
        tokio::select! {
            run = timeout(Duration::from_millis(limit) + OVERDUE, work) => Some(match run {
                Ok(Ok(run)) => run,
                Ok(Err(panic)) => Run::panicked(&protocol, panic.as_ref()),
                Err(_) => Run::overdue(limit),
            }),
            () = stopped => None,
        }
    }
}
