//! Executions as lists and counts.

use super::{
    Backend,
    sample::{Run, T0},
};
use crate::{ExecutionFilter, Store};
use futures::future::join_all;
use protocol::{ExecutionId, Outcome, Phase, Position, Timestamp, api::ExecutionSummary};

/// 60 executions of four playbooks in all states, one second apart, newest last.
async fn populate(store: &dyn Store) -> Vec<ExecutionSummary> {
    let paths = ["team/alpha", "team/Beta", "ÜBER/Straße", "100%_sure"];
    let mut runs: Vec<Run> = (0..60_i64).map(|n| Run::at(paths[n as usize % 4], Timestamp(T0.0 + n * 1_000))).collect();
    for (n, run) in runs.iter_mut().enumerate() {
        if n % 5 == 0 {
            store.commit(run.queue()).await.expect("a commit");
            continue;
        }
        store.commit(run.start()).await.expect("a commit");
        let outcome = [None, Some(Outcome::Completed), Some(Outcome::Failed), Some(Outcome::Cancelled)][n % 5 - 1];
        if let Some(outcome) = outcome {
            store.commit(run.end(outcome)).await.expect("a commit");
        }
    }
    let mut all = Vec::new();
    for run in runs {
        all.push(store.execution(run.id).await.expect("a read").expect("the execution").summary);
    }
    all.reverse();
    all
}

async fn pages(store: &dyn Store, filter: &ExecutionFilter, limit: u32) -> Vec<ExecutionSummary> {
    let mut filter = ExecutionFilter { limit, ..filter.clone() };
    let mut rows = Vec::new();
    loop {
        let page = store.executions(filter.clone()).await.expect("a page");
        assert!(page.executions.len() <= limit as usize);
        assert_eq!(page.position, store.head().await.expect("the head"));
        rows.extend(page.executions);
        match page.next {
            Some(next) => filter.before = Some(next.parse().expect("the cursor is the last row's id")),
            None => return rows,
        }
    }
}

/// Any filter, any page size: the rows are those a scan of all finds, newest first, each once.
pub async fn pages_join_and_filters_agree_with_a_scan(backend: &dyn Backend) {
    let store = backend.open().await;
    assert_eq!(pages(&*store, &ExecutionFilter::default(), 10).await, []);
    let all = populate(&*store).await;
    let running = (Phase::InProgress, None);
    let failed = (Phase::Completed, Some(Outcome::Failed));
    let states = [
        vec![],
        vec![running],
        vec![failed],
        vec![running, failed, (Phase::Initial, None), failed],
        vec![(Phase::Completed, None)],
    ];
    let times = [(None, None), (Some(T0.0 + 20_000), None), (Some(T0.0 + 10_000), Some(T0.0 + 40_000))];
    // At the very ends of the span there are rows: the first belongs to it, the last does not.
    for (end, belongs) in [(10_000, true), (40_000, false)] {
        let row = all.iter().find(|row| row.created_at.0 == T0.0 + end).expect("a row at the end");
        let span = ExecutionFilter {
            since: Some(Timestamp(T0.0 + 10_000)),
            until: Some(Timestamp(T0.0 + 40_000)),
            ..ExecutionFilter::default()
        };
        assert_eq!(pages(&*store, &span, 500).await.contains(row), belongs, "{end}");
    }
    for states in &states {
        for path in [None, Some("team/alpha"), Some("none")] {
            for text in [None, Some("TEAM"), Some("straße"), Some("%"), Some("e"), Some("zzz")] {
                for (since, until) in times {
                    let filter = ExecutionFilter {
                        states: states.clone(),
                        path: path.map(Into::into),
                        text: text.map(Into::into),
                        since: since.map(Timestamp),
                        until: until.map(Timestamp),
                        ..ExecutionFilter::default()
                    };
                    let expected: Vec<_> = all.iter().filter(|row| matches(row, &filter)).cloned().collect();
                    for limit in [1, 7, 500] {
                        assert_eq!(pages(&*store, &filter, limit).await, expected, "{filter:?} by {limit}");
                    }
                }
            }
        }
    }
    let unlimited = ExecutionFilter { limit: 0, ..ExecutionFilter::default() };
    assert_eq!(store.executions(unlimited).await.expect("a page").executions.len(), 1, "0 counts as 1");
}

fn matches(row: &ExecutionSummary, filter: &ExecutionFilter) -> bool {
    let ended = row.status == Phase::Completed;
    let is = |state: &(Phase, Option<Outcome>)| *state == (row.status, row.outcome) && ended == state.1.is_some();
    let text = |text: &String| {
        let text = text.to_lowercase();
        row.path.to_lowercase().contains(&text) || row.execution_id.to_string().contains(&text)
    };
    (filter.states.is_empty() || filter.states.iter().any(is))
        && filter.path.as_ref().is_none_or(|path| *path == row.path)
        && filter.text.as_ref().is_none_or(text)
        && filter.since.is_none_or(|since| row.created_at >= since)
        && filter.until.is_none_or(|until| row.created_at < until)
}

/// Without regard to case in any script; `%` and `_` mean themselves; an id is found by any part of it.
pub async fn text_finds_parts_of_paths_and_ids(backend: &dyn Backend) {
    let store = backend.open().await;
    let all = populate(&*store).await;
    let whole = all[7].execution_id.to_string();
    for (text, expected) in [
        ("beta", 15),
        ("über", 15),
        ("ALPHA", 15),
        ("team/", 30),
        ("0%_S", 15),
        ("%_", 15),
        ("_%", 0),
        ("", 60),
        (whole.as_str(), 1),
        (&whole.to_uppercase()[9..], 1),
    ] {
        let filter = ExecutionFilter { text: Some(text.into()), ..ExecutionFilter::default() };
        assert_eq!(pages(&*store, &filter, 50).await.len(), expected, "`{text}`");
    }
}

/// At any moment, beside commits going on: counts and list are true at the position they name.
pub async fn counts_agree_with_the_list_at_one_position(backend: &dyn Backend) {
    let store = backend.open().await;
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            // One event each: as many executions as positions.
            for _ in 0..20 {
                let mut runs: Vec<Run> = (0..10).map(|_| Run::of("samples/counted")).collect();
                for result in join_all(runs.iter_mut().map(|run| store.commit(run.queue()))).await {
                    result.expect("a commit");
                }
            }
        }
    });
    loop {
        let (counts, position) = store.counts().await.expect("counts");
        assert_eq!(counts.running, position.0);
        let page = store.executions(ExecutionFilter { limit: 500, ..ExecutionFilter::default() }).await;
        let page = page.expect("a page");
        assert_eq!(page.executions.len() as u64, page.position.0);
        if position == Position(200) {
            break;
        }
    }
    writer.await.expect("no panic");
    let all = populate(&*store).await;
    let (counts, _) = store.counts().await.expect("counts");
    let count = |outcome| all.iter().filter(|row| row.outcome == outcome).count() as u64;
    assert_eq!(counts.running, 200 + count(None));
    assert_eq!(counts.completed, count(Some(Outcome::Completed)));
    assert_eq!(counts.failed, count(Some(Outcome::Failed)));
    assert_eq!(counts.cancelled, count(Some(Outcome::Cancelled)));
}

/// For each path that has any, in the order asked.
pub async fn newest_by_path_is_found(backend: &dyn Backend) {
    let store = backend.open().await;
    let all = populate(&*store).await;
    let paths = ["none", "team/Beta", "100%_sure", "team/alpha"].map(String::from);
    let found = store.latest_executions(&paths).await.expect("rows");
    let expected: Vec<_> = paths.iter().filter_map(|path| all.iter().find(|row| row.path == *path)).cloned().collect();
    assert_eq!(found, expected);
    assert_eq!(store.latest_executions(&[]).await.expect("rows"), []);
}

/// Those that have not ended, each once, oldest first.
pub async fn active_executions_are_paged_by_id(backend: &dyn Backend) {
    let store = backend.open().await;
    let all = populate(&*store).await;
    let mut expected: Vec<ExecutionId> =
        all.iter().filter(|row| row.outcome.is_none()).map(|row| row.execution_id).collect();
    expected.sort();
    assert_eq!(expected.len(), 24);
    for limit in [1, 5, 100] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = store.active_executions(after, limit).await.expect("a page");
            assert!(page.len() <= limit as usize);
            let Some(last) = page.last() else { break };
            after = Some(last.execution_id);
            for row in page {
                let full = all.iter().find(|full| full.execution_id == row.execution_id).expect("it exists");
                assert_eq!((row.path.as_str(), row.playbook_version), (full.path.as_str(), 1));
                assert_eq!(row.version, if full.status == Phase::Initial { 1 } else { 3 });
                found.push(row.execution_id);
            }
        }
        assert_eq!(found, expected);
    }
}
