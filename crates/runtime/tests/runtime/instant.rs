//! Providers that are done as soon as they are begun, and those that only say so.

use crate::support::{Bench, playbook};
use async_trait::async_trait;
use protocol::{Outcome, Task};
use serde_json::{Value, json};
use std::sync::Arc;
use store::sqlite::SqliteStore;
use tokio::{
    sync::{
        Semaphore,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
    task,
};
use worker::{Cancelled, Provider, Run};

/// How far a run is, and which task of the runtime it is on.
type Told = (&'static str, task::Id);

/// Tells how far its runs are. They wait while the gate is shut.
struct Telling {
    protocol: [&'static str; 1],
    is_instant: bool,
    gate: Option<Arc<Semaphore>>,
    told: UnboundedSender<Told>,
}

impl Telling {
    fn tell(&self, what: &'static str) {
        let _ = self.told.send((what, task::try_id().expect("the driver is a task")));
    }
}

#[async_trait]
impl Provider for Telling {
    fn protocols(&self) -> &[&'static str] {
        &self.protocol
    }

    fn concurrency(&self) -> usize {
        4
    }

    fn is_instant(&self) -> bool {
        self.is_instant
    }

    async fn run(&self, _task: Task, mut cancelled: Cancelled) -> Run {
        self.tell("begun");
        if let Some(gate) = &self.gate {
            tokio::select! {
                opened = gate.acquire() => opened.expect("nobody closes it").forget(),
                () = cancelled.wait() => {
                    self.tell("cancelled");
                    return Run::completed(Value::Null);
                }
            }
            self.tell("ended");
        }
        Run::completed(Value::Null)
    }
}

/// `noop` is instant, or says so; `python` is not.
async fn bench(gate: Option<Arc<Semaphore>>) -> (Bench, UnboundedReceiver<Told>) {
    let (told, tells) = unbounded_channel();
    let telling = |protocol, is_instant| -> Arc<dyn Provider> {
        Arc::new(Telling { protocol: [protocol], is_instant, gate: gate.clone(), told: told.clone() })
    };
    let store = SqliteStore::in_memory().await.expect("a store");
    (Bench::with_providers(store, vec![telling("noop", true), telling("python", false)]).await, tells)
}

async fn next(tells: &mut UnboundedReceiver<Told>, what: &str) -> task::Id {
    let (told, id) = tells.recv().await.expect("the runtime has the provider");
    assert_eq!(told, what);
    id
}

#[tokio::test]
async fn a_run_that_waits_for_nothing_is_done_where_it_is_handed_out() {
    const STEPS: &str = "
  - {step: start, type: noop, next: own}
  - {step: own, type: python, code: x, next: again}
  - {step: again, type: noop, next: another}
  - {step: another, type: python, code: x, next: last}
  - {step: last, type: noop}
";
    let (bench, mut tells) = bench(None).await;
    let id = bench.submit(&playbook("five", STEPS), json!({})).await;
    bench.ended(id).await;
    let driver = next(&mut tells, "begun").await;
    for is_here in [false, true, false, true] {
        let task = next(&mut tells, "begun").await;
        assert_eq!(task == driver, is_here, "{task} and {driver}");
    }
    bench.runtime.shutdown().await;
}

const STEP: &str = "\n  - {step: start, type: noop}\n";

#[tokio::test]
async fn one_that_waits_all_the_same_goes_on_elsewhere_and_ends() {
    let gate = Arc::new(Semaphore::new(0));
    let (bench, mut tells) = bench(Some(gate.clone())).await;
    let id = bench.submit(&playbook("one", STEP), json!({})).await;
    let begun = next(&mut tells, "begun").await;
    gate.add_permits(1);
    assert_ne!(next(&mut tells, "ended").await, begun, "it holds up nobody");
    bench.ended(id).await;
    let execution = bench.runtime.api().execution(id).await.expect("it exists");
    assert_eq!(execution.summary.outcome, Some(Outcome::Completed));
    bench.runtime.shutdown().await;
}

#[tokio::test]
async fn one_that_waits_all_the_same_is_cancelled_with_its_execution() {
    let (bench, mut tells) = bench(Some(Arc::new(Semaphore::new(0)))).await;
    let id = bench.submit(&playbook("one", STEP), json!({})).await;
    next(&mut tells, "begun").await;
    bench.runtime.api().cancel(id, None).await.expect("cancelled");
    next(&mut tells, "cancelled").await;
    bench.ended(id).await;
    let execution = bench.runtime.api().execution(id).await.expect("it exists");
    assert_eq!(execution.summary.outcome, Some(Outcome::Cancelled));
    bench.runtime.shutdown().await;
}
