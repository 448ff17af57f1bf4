//! What must be true of the store when all has ended.

use crate::playbooks::{ENDLESS, foretold};
use protocol::{Event, Outcome, Phase, Position, Topic};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};
use store::{ExecutionFilter, Store, postgres::PostgresStore};

/// `submitted`: path and `n` of each, by its id.
pub(super) async fn check(url: &str, submitted: &HashMap<String, (&str, u64)>) {
    let store: Arc<dyn Store> = PostgresStore::connect(url).await.expect("the store opens");
    assert!(store.open_tasks(None).await.expect("readable").is_empty(), "tasks left behind");
    let (mut listed, mut before) = (HashMap::new(), None);
    loop {
        let page =
            store.executions(ExecutionFilter { before, limit: 500, ..Default::default() }).await.expect("a page");
        let Some(last) = page.executions.last() else { break };
        before = Some(last.execution_id);
        listed.extend(page.executions.into_iter().map(|row| (row.execution_id.to_string(), row)));
    }
    let mut children: BTreeMap<&str, Vec<Option<Outcome>>> = BTreeMap::new();
    for row in listed.values().filter(|row| !submitted.contains_key(&row.execution_id.to_string())) {
        children.entry(&row.path).or_default().push(row.outcome);
    }
    for (of, child, outcome) in [
        ("chaos/parent", "chaos/chain", Outcome::Completed),
        ("chaos/mended", "chaos/failing", Outcome::Failed),
        (ENDLESS, "chaos/waiting", Outcome::Cancelled),
    ] {
        let parents = submitted.values().filter(|(path, _)| *path == of).count();
        let outcomes = children.remove(child).unwrap_or_default();
        // One that was cancelled may have been so before its child began.
        let begun = if of == ENDLESS { outcomes.len().min(parents) } else { parents };
        assert_eq!(outcomes, vec![Some(outcome); begun], "each {of} has one {child}");
    }
    assert!(children.is_empty(), "nobody submitted these: {children:?}");
    for (id, (path, n)) in submitted {
        let row = listed.get(id).unwrap_or_else(|| panic!("{id} was acknowledged and is gone"));
        let outcome = if *path == ENDLESS { Outcome::Cancelled } else { Outcome::Completed };
        assert_eq!((row.status, row.outcome), (Phase::Completed, Some(outcome)), "{path} {id}: {:?}", row.error);
        if *path == ENDLESS {
            continue;
        }
        let detail = store.execution(row.execution_id).await.expect("readable").expect("listed above");
        assert_eq!(detail.result, Some(json!({"n": foretold(path, *n)})), "{path} {id}");
    }

    let (mut after, mut expected) = (Position(0), 1);
    let mut once: BTreeMap<String, u32> = BTreeMap::new();
    let mut ended = BTreeSet::new();
    loop {
        let page = store.log(&Topic::Events, after, 500).await.expect("the log is readable");
        let Some(last) = page.events.last() else { break };
        after = last.position.expect("durable");
        for envelope in &page.events {
            assert_eq!(envelope.position.expect("durable").0, expected, "positions have a gap");
            expected += 1;
            let Some(id) = envelope.event.execution_id() else { continue };
            let name = envelope.event.name();
            let is_late = matches!(envelope.event, Event::ReportLate(_));
            assert!(is_late || !ended.contains(&id), "{id}: {name} after its end");
            let what = match &envelope.event {
                Event::StepStarted(e) => format!("{} {}", e.step, e.visit),
                Event::StepCompleted(e) => format!("{} {}", e.step, e.visit),
                Event::ActionStarted(e) => format!("{} {} {:?} {:?} {}", e.step, e.visit, e.part, e.item, e.attempt),
                Event::ActionCompleted(e) => format!("{} {} {:?} {:?}", e.step, e.visit, e.part, e.item),
                Event::ExecutionStart(_) => String::new(),
                Event::ExecutionComplete(_) => {
                    ended.insert(id);
                    String::new()
                }
                _ => continue,
            };
            *once.entry(format!("{id} {name} {what}")).or_default() += 1;
        }
    }
    let twice: Vec<_> = once.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    assert_eq!(ended.len(), listed.len());
    store.close().await;
}
