//! Steps that wait for a person.

use super::{
    Backend,
    sample::{Run, T0},
};
use crate::{ApprovalFilter, Store, WaitingApproval};
use protocol::{Outcome, Phase, Timestamp, event::ExecutionCancelled};
use serde_json::json;
use std::sync::Arc;

async fn waiting(store: &Arc<dyn Store>, filter: ApprovalFilter) -> Vec<WaitingApproval> {
    store.approvals(ApprovalFilter { limit: 100, ..filter }).await.expect("a list")
}

async fn steps(store: &Arc<dyn Store>) -> Vec<String> {
    let all = waiting(store, ApprovalFilter::default()).await;
    assert_eq!(store.approvals_count().await.expect("a count"), all.len() as u64);
    all.into_iter().map(|approval| format!("{}/{}", approval.step, approval.visit)).collect()
}

/// From the moment it is asked until that visit of the step is over, or the execution is, however it ends; whether
/// or not somebody sweeps in between.
pub async fn an_approval_waits_until_its_visit_is_over(backend: &dyn Backend) {
    let store = backend.open().await;
    for swept in [false, true] {
        let sweep = async || {
            if swept {
                store.sweep_waiting().await.expect("swept");
            }
        };
        let mut run = Run::of("samples/approved");
        store.commit(run.start()).await.expect("a commit");
        store.commit(run.ask("a", 1)).await.expect("a commit");
        store.commit(run.ask("a", 2)).await.expect("a commit");
        store.commit(run.ask("b", 1)).await.expect("a commit");
        sweep().await;
        assert_eq!(steps(&store).await, ["a/1", "a/2", "b/1"]);
        // Other steps, and other visits of the same, change nothing.
        store.commit(run.step()).await.expect("a commit");
        store.commit(run.return_value("b", 2, json!({"step": "b", "visit": 1, "text": "\0"}))).await.expect("a commit");
        sweep().await;
        assert_eq!(steps(&store).await, ["a/1", "a/2", "b/1"]);
        let mut answered = run.return_value("a", 1, json!({"approved": true}));
        answered.events.append(&mut run.ask("c", 1).events);
        store.commit(answered).await.expect("a commit");
        sweep().await;
        assert_eq!(steps(&store).await, ["a/2", "b/1", "c/1"]);
        sweep().await;
        let cancelled = ExecutionCancelled {
            execution_id: run.id,
            path: run.path.to_string(),
            reason: "cleanup goes on".into(),
            by: "somebody".into(),
            forced: false,
        };
        store.commit(run.commit(Phase::InProgress, None, vec![cancelled.into()])).await.expect("a commit");
        assert_eq!(steps(&store).await, [""; 0], "a cancelled execution waits for nobody");
        store.commit(run.ask("cleanup", 1)).await.expect("a commit");
        sweep().await;
        assert_eq!(steps(&store).await, ["cleanup/1"], "but for what it asks from then on");
        store.commit(run.end(Outcome::Cancelled)).await.expect("a commit");
        assert_eq!(steps(&store).await, [""; 0]);
        sweep().await;
    }
}

/// Everything a person needs to answer, narrowed and paged; the longest waiting first.
pub async fn the_inbox_is_read_in_order(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut runs = Vec::new();
    for n in 0..6 {
        let time = Timestamp(T0.0 + n / 2 * 1_000);
        let mut run = Run::at(if n % 2 == 0 { "team/a" } else { "team/b" }, time);
        store.commit(run.start()).await.expect("a commit");
        store.commit(run.ask("ask", 1)).await.expect("a commit");
        runs.push(run);
    }
    let all = waiting(&store, ApprovalFilter::default()).await;
    assert_eq!(all.iter().map(|a| a.execution_id).collect::<Vec<_>>(), runs.iter().map(|r| r.id).collect::<Vec<_>>());
    let expected = WaitingApproval {
        execution_id: runs[0].id,
        step: "ask".into(),
        visit: 1,
        path: "team/a".into(),
        message: "May ask go on?\u{fffd}".into(),
        form: json!([{"name": "approved", "type": "boolean"}]),
        due: Some(Timestamp(T0.0 + 60_000)),
        default: Some(json!({"approved": false})),
        requested_at: T0,
    };
    assert_eq!(all[0], expected);
    let of_b = waiting(&store, ApprovalFilter { path: Some("team/b".into()), ..Default::default() }).await;
    assert_eq!(of_b.iter().map(|a| a.execution_id).collect::<Vec<_>>(), [runs[1].id, runs[3].id, runs[5].id]);
    let of_one = waiting(&store, ApprovalFilter { execution_id: Some(runs[4].id), ..Default::default() }).await;
    assert_eq!(of_one, all[4..5]);
    let (mut paged, mut filter) = (Vec::new(), ApprovalFilter { limit: 2, ..Default::default() });
    loop {
        let page = store.approvals(filter.clone()).await.expect("a page");
        let Some(last) = page.last() else { break };
        filter.after = Some((last.requested_at, last.execution_id, last.step.clone(), last.visit));
        paged.extend(page);
    }
    assert_eq!(paged, all);
}
