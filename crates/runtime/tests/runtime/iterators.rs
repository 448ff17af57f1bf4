//! Iterators on a real store: many items, a restart in the middle, a child for each.

use crate::support::{Bench, playbook};
use protocol::{Event, ExecutionId, Outcome, Position};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::sqlite::SqliteStore;

const ITEMS: usize = 1_000;
const MANY: &str = "
  - {step: start, next: each}
  - {step: each, type: iterator, collection: '{{ range(1000) | list }}', element: n, mode: async, concurrency: 50, task: {type: python, code: x, data: {n: '{{ n }}'}}, next: end}
  - {step: end, result: {sum: '{{ each | sum }}', first: '{{ each[0] }}', last: '{{ each[999] }}', count: '{{ each | length }}'}}
";

/// How often each item has events of a kind.
async fn counts(bench: &Bench, id: ExecutionId) -> BTreeMap<(String, u32), u32> {
    let mut counts = BTreeMap::new();
    let events = bench.store.execution_events(id, Position(0), 100_000).await.expect("readable");
    for envelope in events.iter() {
        let item = match &envelope.event {
            Event::ActionStarted(event) => event.item,
            Event::ActionCompleted(event) => event.item,
            _ => None,
        };
        if let Some(item) = item {
            *counts.entry((envelope.event.name().to_owned(), item)).or_default() += 1;
        }
    }
    counts
}

async fn result(bench: &Bench, id: ExecutionId) -> Value {
    bench.runtime.api().execution(id).await.expect("it exists").result.expect("it has ended")
}

#[tokio::test]
async fn a_thousand_items_go_on_after_a_restart_in_the_middle() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("signalbox.db");
    let bench = Bench::on(SqliteStore::open(&file).await.expect("opens"), 20).await;
    let id = bench.submit(&playbook("many", MANY), json!({})).await;
    let mut done = 0;
    while done < ITEMS / 2 {
        let work = bench.arrival().await;
        let n = work.task.input["n"].clone();
        work.complete(n);
        done += 1;
    }
    // Those that have a place now are under way when it stops.
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(bench.arrival().await);
    }
    assert!(bench.store.open_tasks(Some(id)).await.expect("readable").len() <= 50, "as many at once as it says");
    bench.runtime.shutdown().await;

    let bench = Bench::on(SqliteStore::open(&file).await.expect("opens again"), 20).await;
    let mut after = 0;
    while done + after < ITEMS {
        let work = bench.arrival().await;
        let n = work.task.input["n"].clone();
        work.complete(n);
        after += 1;
    }
    bench.ended(id).await;
    assert_eq!(result(&bench, id).await, json!({"sum": 499_500, "first": 0, "last": 999, "count": 1_000}));
    let counts = counts(&bench, id).await;
    assert_eq!(counts.len(), 2 * ITEMS, "every item has begun and ended");
    assert!(counts.values().all(|count| *count == 1), "and once: {counts:?}");
    assert!(bench.store.open_tasks(None).await.expect("readable").is_empty());
}

const CHILD: &str = "
  - {step: start, type: python, code: x, data: {n: '{{ workload.n }}'}, next: end}
  - {step: end, result: '{{ start }}'}
";
const CHILDREN: &str = "
  - {step: start, type: iterator, collection: '{{ range(30) | list }}', element: n, mode: async, concurrency: 10, task: {type: playbook, path: tests/child, data: {n: '{{ n }}'}}, next: end}
  - {step: end, result: '{{ start }}'}
";

#[tokio::test]
async fn each_item_has_a_child_of_its_own_over_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("signalbox.db");
    let bench = Bench::on(SqliteStore::open(&file).await.expect("opens"), 4).await;
    bench.runtime.api().register_playbook(&playbook("child", CHILD)).await.expect("a valid playbook");
    let id = bench.submit(&playbook("parent", CHILDREN), json!({})).await;
    let answer = |n: &Value| json!({"square": n.as_i64().map(|n| n * n)});
    for _ in 0..7 {
        let work = bench.arrival().await;
        let told = answer(&work.task.input["n"]);
        work.complete(told);
    }
    let _held = bench.arrival().await;
    bench.runtime.shutdown().await;

    let bench = Bench::on(SqliteStore::open(&file).await.expect("opens again"), 4).await;
    let finish = async {
        loop {
            let work = bench.arrival().await;
            let told = answer(&work.task.input["n"]);
            work.complete(told);
        }
    };
    tokio::select! {
        _ = bench.ended(id) => {}
        () = finish => {}
    }
    let squares: Vec<Value> = (0..30).map(|n| json!({"square": n * n})).collect();
    assert_eq!(result(&bench, id).await, json!(squares));
    let events = bench.store.execution_events(id, Position(0), 10_000).await.expect("readable");
    let mut children: Vec<ExecutionId> = events
        .iter()
        .filter_map(|envelope| match &envelope.event {
            Event::ActionStarted(event) => event.child,
            _ => None,
        })
        .collect();
    assert_eq!(children.len(), 30);
    children.sort();
    children.dedup();
    assert_eq!(children.len(), 30);
    for child in children {
        let summary = bench.runtime.api().execution(child).await.expect("it exists").summary;
        assert_eq!(summary.outcome, Some(Outcome::Completed));
    }
}

#[tokio::test]
async fn cancelling_an_iterator_reaches_the_children_of_its_items() {
    let bench = Bench::on(SqliteStore::in_memory().await.expect("a store"), 10).await;
    bench.runtime.api().register_playbook(&playbook("child", CHILD)).await.expect("a valid playbook");
    let id = bench.submit(&playbook("parent", CHILDREN), json!({})).await;
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(bench.arrival().await);
    }
    bench.runtime.api().cancel(id, Some("enough".into())).await.expect("cancelled");
    for _ in 0..10 {
        assert!(bench.arrival().await.cancelled);
    }
    for work in &held {
        bench.ended(work.task.key.execution_id).await;
    }
    assert!(bench.store.open_tasks(None).await.expect("readable").is_empty());
}

/// One place, and more tasks that wait for it than calls have room on a stack.
#[tokio::test]
async fn a_place_goes_on_to_others_when_what_thousands_waited_for_is_cancelled() {
    let bench = Bench::on(SqliteStore::in_memory().await.expect("a store"), 1).await;
    let steps = "
  - {step: start, type: iterator, collection: '{{ range(20000) | list }}', element: n, mode: async, concurrency: 10000, task: {type: python, code: x}}
";
    let id = bench.submit(&playbook("thousands", steps), json!({})).await;
    let _held = bench.arrival().await;
    let next = bench.submit(&playbook("next", "\n  - {step: start, type: python, code: x}\n"), json!({})).await;
    bench.runtime.api().cancel(id, Some("enough".into())).await.expect("cancelled");
    assert!(bench.arrival().await.cancelled);
    let work = bench.arrival().await;
    assert_eq!(work.task.key.execution_id, next);
    work.complete(json!(1));
    bench.ended(next).await;
    assert!(bench.store.open_tasks(None).await.expect("readable").is_empty());
}

#[tokio::test]
async fn items_save_by_tasks_of_their_own() {
    let bench = Bench::on(SqliteStore::in_memory().await.expect("a store"), 4).await;
    let steps = "
  - {step: start, type: noop, next: each}
  - {step: each, type: iterator, collection: [1, 2, 3], element: n, mode: async, task: {type: noop, data: {n: '{{ n }}'}, save: {storage: python, code: x, data: {twice: '{{ this.n * 2 }}'}}}}
";
    let id = bench.submit(&playbook("saves", steps), json!({})).await;
    let mut saved = Vec::new();
    for _ in 0..3 {
        let work = bench.arrival().await;
        assert!(!work.task.key.part.is_action());
        saved.push(work.task.input["twice"].as_i64().expect("a number"));
        work.complete(json!({"rows": 1}));
    }
    saved.sort_unstable();
    assert_eq!(saved, [2, 4, 6]);
    bench.ended(id).await;
    assert_eq!(result(&bench, id).await["data"], json!([{"n": 1}, {"n": 2}, {"n": 3}]));
}

const ROWS: &str = "
  - {step: start, type: sqlite, database: rows.db, command: 'CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT, at INTEGER)', next: each}
  - step: each
    type: iterator
    collection: [{id: 1, text: a}, {id: 2, text: b}, {id: 1, text: c}]
    element: row
    task:
      type: noop
      data: {text: '{{ row.text * 2 }}'}
      save: {storage: sqlite, database: rows.db, table: rows, mode: upsert, key: id, data: {id: '{{ row.id }}', text: '{{ this.text }}', at: '{{ _loop.index }}'}}
    next: more
  - {step: more, save: {storage: sqlite, database: rows.db, table: rows, data: [{id: 7, text: x, at: 9}, {id: 8, text: y, at: 9}]}, next: read}
  - {step: read, type: sqlite, database: rows.db, command: 'SELECT id, text, at FROM rows ORDER BY id', next: end}
  - {step: end, result: '{{ read.rows }}'}
";

#[tokio::test]
async fn rows_are_saved_by_the_provider_of_their_storage() {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = Bench::with_tools(SqliteStore::in_memory().await.expect("a store"), folder.path()).await;
    let id = bench.submit(&playbook("rows", ROWS), json!({})).await;
    bench.ended(id).await;
    let rows = [(1, "cc", 2), (2, "bb", 1), (7, "x", 9), (8, "y", 9)];
    let rows: Vec<Value> = rows.iter().map(|(id, text, at)| json!({"id": id, "text": text, "at": at})).collect();
    assert_eq!(result(&bench, id).await, json!(rows), "{:?}", bench.log(id).await);
}

#[tokio::test]
async fn large_items_and_results_come_back_whole() {
    let bench = Bench::on(SqliteStore::in_memory().await.expect("a store"), 4).await;
    let steps = "
  - {step: start, type: iterator, collection: '{{ workload.texts }}', element: text, mode: async, task: {type: noop, data: {text: '{{ text }}'}}, next: end}
  - {step: end, result: {all: '{{ start | length }}', last: '{{ start[-1].text | length }}'}}
";
    let texts: Vec<String> = (0..40).map(|n| "x".repeat(20_000 + n)).collect();
    let id = bench.submit(&playbook("large", steps), json!({"texts": texts})).await;
    bench.ended(id).await;
    assert_eq!(result(&bench, id).await, json!({"all": 40, "last": 20_039}));
}
