//! What is kept beside the log is what the log says, also when it is computed anew.

use super::{
    Backend,
    sample::{Run, T0, everything, loose, note},
};
use crate::{
    ApprovalFilter, ExecutionFilter, Lineage, QueueFilter, QueuedExecution, Rebuilt, Store, StoredTask,
    WaitingApproval, sql::statement::sql,
};
use protocol::{
    ExecutionId, Outcome, Timestamp,
    api::{ExecutionDetail, StatusCounts},
    event::{Origin, Rerun},
};
use serde_json::json;
use std::sync::Arc;

/// Choices that repeat with the seed (SplitMix64).
struct Choices(u64);

impl Choices {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }
}

/// Moves some executions in some ways, side by side.
pub(super) async fn some_history(store: &Arc<dyn Store>, seed: u64) -> Vec<ExecutionId> {
    let mut choices = Choices(seed);
    let mut open: Vec<(Run, bool)> = Vec::new();
    let mut ids: Vec<ExecutionId> = Vec::new();
    for n in 0..150 {
        if open.len() < 3 || choices.below(4) == 0 {
            let mut run = Run::at(["a/one", "a/two", "b"][n % 3], Timestamp(T0.0 + n as i64));
            let parent = ids.last().filter(|_| choices.below(3) == 0);
            let origin = Origin {
                idempotency_key: (choices.below(3) == 0).then(|| format!("key {seed} {n}")),
                rerun: parent.map(|of| Rerun { of: *of, from: Some("s1".into()) }),
                trigger: (choices.below(4) == 0).then(|| "schedule:nightly".to_owned()),
                priority: i32::try_from(choices.below(5)).unwrap_or(0),
                ..Origin::default()
            };
            let waits = choices.below(3) == 0;
            let commit = if waits { run.wait_for("concurrency", Some("k"), origin) } else { run.start_from(origin) };
            store.commit(commit).await.expect("a commit");
            ids.push(run.id);
            open.push((run, waits));
            continue;
        }
        let at = usize::try_from(choices.below(open.len() as u64)).unwrap_or(0);
        let (run, waits) = &mut open[at];
        run.time = Timestamp(run.time.0 + 10);
        let commit = match choices.below(8) {
            _ if *waits => {
                *waits = false;
                run.start()
            }
            0 => {
                let outcomes = [Outcome::Completed, Outcome::Failed, Outcome::Cancelled];
                run.end(outcomes[n % 3])
            }
            1 => run.ask(&format!("ask {n}"), 1),
            2 => run.return_value("large", 1, json!("v".repeat(270_000 + n))),
            3 => {
                store.commit(loose(T0, vec![note(json!(n))])).await.expect("a commit");
                run.step()
            }
            _ => run.step(),
        };
        let ends = commit.execution.as_ref().is_some_and(|change| change.ended_at.is_some());
        store.commit(commit).await.expect("a commit");
        if ends {
            open.remove(at);
        }
    }
    ids
}

/// What can be read of it, but for the log.
#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    executions: Vec<ExecutionDetail>,
    lineage: Vec<Option<Lineage>>,
    counts: StatusCounts,
    submissions: Vec<Option<ExecutionId>>,
    queued: Vec<QueuedExecution>,
    approvals: Vec<WaitingApproval>,
    tasks: Vec<StoredTask>,
    by_trigger: usize,
}

impl Seen {
    /// As after a restore: who had a task, has it no more.
    pub(super) fn nobody_has_tasks(&mut self) {
        for task in &mut self.tasks {
            task.claimed_by = None;
        }
    }
}

pub(super) async fn seen(store: &Arc<dyn Store>, ids: &[ExecutionId]) -> Seen {
    let (mut executions, mut lineage, mut submissions) = (Vec::new(), Vec::new(), Vec::new());
    for id in ids {
        executions.push(store.execution(*id).await.expect("a read").expect("an execution"));
        lineage.push(store.lineage(*id).await.expect("a read"));
    }
    for key in (1..=2).flat_map(|seed| (0..150).map(move |n| format!("key {seed} {n}"))) {
        submissions.push(store.submission(&key).await.expect("a read"));
    }
    let filter = ExecutionFilter { trigger: Some("schedule:nightly".into()), limit: 500, ..Default::default() };
    Seen {
        executions,
        lineage,
        counts: store.counts().await.expect("counts").0,
        submissions,
        queued: store.queued(QueueFilter::default(), 500).await.expect("a queue"),
        approvals: store.approvals(ApprovalFilter { limit: 500, ..Default::default() }).await.expect("an inbox"),
        tasks: store.open_tasks(None).await.expect("tasks"),
        by_trigger: store.executions(filter).await.expect("a page").executions.len(),
    }
}

/// Over random histories, and whatever became of the tables.
pub async fn what_is_computed_anew_is_what_was_kept(backend: &dyn Backend) {
    let store = backend.open().await;
    for seed in [1, 2] {
        let ids = some_history(&store, seed).await;
        let (before, log) = (seen(&store, &ids).await, everything(&*store).await);
        assert!(before.queued.len() + before.approvals.len() > 2 && before.by_trigger > 2, "a history of some kind");
        for damage in [
            "UPDATE executions SET state = 'failed', step = 'x', progress = 7, version = 1, position = 1, error = NULL",
            "DELETE FROM execution_counts",
            "DELETE FROM lineage",
            "DELETE FROM submissions",
            "DELETE FROM queue",
            "DELETE FROM waiting_approvals",
            "UPDATE execution_data SET input = NULL, result = '1'",
        ] {
            store.database().change(sql(damage)).await.expect("damaged");
        }
        let rebuilt = store.rebuild().await.expect("rebuilt");
        let events = log.iter().filter(|event| event.event.execution_id().is_some()).count() as u64;
        let all: std::collections::BTreeSet<_> = log.iter().filter_map(|event| event.event.execution_id()).collect();
        assert_eq!(rebuilt, Rebuilt { executions: all.len() as u64, events });
        assert_eq!(seen(&store, &ids).await, before, "seed {seed}");
        assert_eq!(everything(&*store).await, log);
        // It goes on from there.
        let mut run = Run::of("after/rebuild");
        store.commit(run.start()).await.expect("a commit");
        store.commit(run.end(Outcome::Completed)).await.expect("a commit");
    }
}
