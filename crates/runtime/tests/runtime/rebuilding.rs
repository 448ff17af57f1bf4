//! The tables of executions say what their events say, of what the engine really writes.

use crate::support::{Bench, playbook};
use protocol::{ExecutionId, api::ExecutionDetail};
use serde_json::json;
use std::sync::Arc;
use store::{Store, sqlite::SqliteStore};

const STEPS: &str = r#"
  - {step: start, next: [each, other]}
  - step: each
    type: iterator
    collection: "{{ workload.items }}"
    element: n
    task: {type: noop, data: {n: "{{ n }}"}}
    next: both
  - {step: other, type: noop, next: both}
  - {step: both, next: [{step: work, when: "{{ workload.work }}"}, {step: end, else: true}]}
  - {step: work, type: python, code: x, retry: {max_attempts: 2, initial_delay: 0.02, jitter: false}, next: end}
  - {step: end}
"#;

async fn all(store: &Arc<dyn Store>, ids: &[ExecutionId]) -> Vec<ExecutionDetail> {
    let mut all = Vec::new();
    for id in ids {
        all.push(store.execution(*id).await.expect("a read").expect("an execution"));
    }
    all
}

#[tokio::test]
async fn rows_computed_anew_are_the_rows_the_driver_kept() {
    let store: Arc<dyn Store> = SqliteStore::in_memory().await.expect("a store");
    let bench = Bench::on(store.clone(), 4).await;
    let source = playbook("moved", STEPS);
    let done = bench.submit(&source, json!({"items": [1, 2, 3], "work": false})).await;
    bench.ended(done).await;
    let failed = bench.submit(&source, json!({"items": [], "work": true})).await;
    for _ in 0..2 {
        let error = protocol::TaskError::new("broken", "out of luck");
        bench.arrival().await.end(worker::Run::failed(error));
    }
    bench.ended(failed).await;
    let open = bench.submit(&source, json!({"items": [1], "work": true})).await;
    let _under_way = bench.arrival().await;
    let ids = [done, failed, open];
    let before = all(&store, &ids).await;
    let rebuilt = store.rebuild().await.expect("rebuilt");
    assert_eq!(rebuilt.executions, 3);
    assert_eq!(all(&store, &ids).await, before);
    bench.runtime.shutdown().await;
}
