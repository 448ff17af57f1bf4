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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

    use super::*;
    use async_trait::async_trait;
    use protocol::{ExecutionId, TaskKey, TaskPart, frame::worker::WorkerJoin, task::Credentials};
    use serde_json::{Value, json};
    use uuid::Uuid;

    /// Does what its protocol says.
    struct Odd(&'static str);

    #[async_trait]
    impl Provider for Odd {
        fn protocols(&self) -> &[&'static str] {
            &["odd"]
        }

        fn concurrency(&self) -> usize {
            1
        }

        async fn run(&self, _task: Task, mut cancelled: Cancelled) -> Run {
            match self.0 {
                "panics" => panic!("by accident"),
                "stops" => cancelled.wait().await,
                _ => std::future::pending().await,
            }
            Run::completed(json!("stopped"))
        }
    }

    /// What the desk says of it.
    async fn report(how: &'static str, cancels: bool) -> Value {
        let desk = Arc::new(Desk::new(WorkerJoin::default()));
        desk.connected(1 << 20);
        desk.next().unwrap();
        desk.joined(3_600_000);
        let execution_id = ExecutionId(Uuid::nil());
        let task = Task {
            key: TaskKey { execution_id, step: "s".into(), visit: 1, attempt: 1, part: TaskPart::Action, item: None },
            protocol: "odd".into(),
            config: Arc::default(),
            input: Arc::default(),
            timeout_ms: 10_000,
            heartbeat_ms: None,
            priority: 0,
            credentials: Credentials::default(),
        };
        let switch = desk.begin(&task.key, None).unwrap();
        let bench = Bench { provider: Arc::new(Odd(how)), places: Arc::new(Semaphore::new(1)) };
        if cancels {
            desk.cancel(std::slice::from_ref(&task.key));
        }
        bench.work(task, switch, desk.clone()).await;
        serde_json::from_str(&desk.next().unwrap()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_a_provider_does_there_is_an_end() {
        for (how, cancels, code) in [
            ("panics", false, Some("provider_panicked")),
            ("hangs", false, Some("timeout")),
            ("hangs", true, None),
            ("stops", true, None),
        ] {
            let said = report(how, cancels).await;
            assert_eq!(said["reports"][0]["error"]["code"].as_str(), code, "{how}: {said}");
            assert_eq!(said["released"].is_array(), code.is_none(), "{how}: {said}");
        }
    }
}
