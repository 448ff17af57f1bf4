//! Iterators on an execution's page.

use crate::{folded, log, progress, start, step_started};
use protocol::{
    Envelope, StepStatus,
    view::{ExecutionView, ItemsView, NEWEST_ITEMS, item_label},
};
use serde_json::{Value, json};

type Line = (&'static str, Value);

fn iterator_started(count: u32, concurrency: u32) -> Line {
    let items: Vec<u32> = (0..count).collect();
    let data = json!({"step": "each", "visit": 1, "mode": "async", "concurrency": concurrency, "count": count, "items": items});
    ("iterator_started", data)
}

fn began(item: u32, attempt: u32) -> Line {
    ("action_started", json!({"step": "each", "visit": 1, "attempt": attempt, "item": item, "worker": "w"}))
}

fn completed(item: u32) -> Line {
    let data = json!({"step": "each", "visit": 1, "attempt": 1, "item": item, "result": item, "duration_ms": 1});
    ("action_completed", data)
}

fn failed(item: u32, attempt: u32) -> Line {
    let error = json!({"code": "boom", "message": format!("item {item}")});
    let data = json!({"step": "each", "visit": 1, "attempt": attempt, "item": item, "error": error, "duration_ms": 1});
    ("action_failed", data)
}

fn retried(item: u32, attempt: u32, reason: &str) -> Line {
    let data = json!({"step": "each", "visit": 1, "attempt": attempt, "item": item, "delay_ms": 1, "due": 1, "reason": reason});
    ("retry_scheduled", data)
}

fn save_began(item: u32) -> Line {
    let data = json!({"step": "each", "visit": 1, "attempt": 1, "part": "save", "item": item, "worker": "w"});
    ("action_started", data)
}

fn saved(item: u32) -> Line {
    let data =
        json!({"step": "each", "visit": 1, "attempt": 1, "part": "save", "item": item, "result": 1, "duration_ms": 1});
    ("action_completed", data)
}

fn events(lines: Vec<Line>) -> Vec<Envelope> {
    log(&[vec![start(), step_started("each")], lines].concat())
}

fn view(lines: Vec<Line>) -> ExecutionView {
    folded(&events(lines))
}

fn items(view: &ExecutionView) -> &ItemsView {
    view.steps[0].items.as_ref().expect("an iterator")
}

/// Queued, running, waiting, completed, failed.
fn counts(lines: Vec<Line>) -> [u32; 5] {
    use StepStatus::{Completed, Failed, Queued, Running, Waiting};
    let view = view(lines);
    let items = items(&view);
    let counts = [Queued, Running, Waiting, Completed, Failed].map(|status| items.in_state(status));
    assert_eq!(counts.iter().sum::<u32>(), items.count, "every item is somewhere: {items:?}");
    counts
}

#[test]
fn items_are_counted_where_they_are() {
    let start = || iterator_started(4, 2);
    assert_eq!(counts(vec![start()]), [4, 0, 0, 0, 0]);
    assert_eq!(counts(vec![start(), began(0, 1), began(1, 1)]), [2, 2, 0, 0, 0]);
    assert_eq!(counts(vec![start(), began(0, 1), began(1, 1), completed(1)]), [2, 1, 0, 1, 0]);
    assert_eq!(counts(vec![start(), began(0, 1), failed(0, 1)]), [3, 0, 0, 0, 1]);
    assert_eq!(counts(vec![start(), failed(0, 1)]), [3, 0, 0, 0, 1], "one that could not begin");
    assert_eq!(counts(vec![start(), began(0, 1), failed(0, 1), retried(0, 2, "boom")]), [3, 0, 1, 0, 0]);
    assert_eq!(counts(vec![start(), began(0, 1), failed(0, 1), retried(0, 2, "boom"), began(0, 2)]), [3, 1, 0, 0, 0]);
    assert_eq!(counts(vec![start(), began(0, 1), retried(0, 2, "worker_lost")]), [3, 0, 1, 0, 0]);
    assert_eq!(counts(vec![start(), began(0, 1), completed(0), retried(0, 2, "retry_when")]), [3, 0, 1, 0, 0]);
    assert_eq!(counts(vec![start(), began(0, 1), completed(0), save_began(0)]), [3, 1, 0, 0, 0]);
    assert_eq!(counts(vec![start(), began(0, 1), completed(0), save_began(0), saved(0)]), [3, 0, 0, 1, 0]);
}

#[test]
fn an_item_changes_nothing_of_its_step() {
    let view =
        view(vec![iterator_started(2, 2), began(0, 1), began(1, 1), failed(1, 1), retried(1, 2, "boom"), began(1, 2)]);
    let step = &view.steps[0];
    assert_eq!((step.status, step.attempt, &step.error, &step.result), (StepStatus::Running, 1, &None, &None));
    let attempts: Vec<_> = view.attempts.iter().map(|a| (a.item, a.attempt, a.status)).collect();
    assert_eq!(
        attempts,
        [(Some(0), 1, StepStatus::Running), (Some(1), 1, StepStatus::Failed), (Some(1), 2, StepStatus::Running)]
    );
    assert_eq!(view.events.last().and_then(|row| row.item), Some(1));
}

#[test]
fn rows_tell_of_items_what_happened_to_them() {
    let view = view(vec![iterator_started(3, 3), began(0, 1), began(1, 1), began(2, 1), failed(1, 1), completed(2)]);
    let rows: Vec<_> = items(&view).newest.iter().map(|row| (row.item, row.status, row.ended_at.is_some())).collect();
    assert_eq!(
        rows,
        [(0, StepStatus::Running, false), (1, StepStatus::Failed, true), (2, StepStatus::Completed, true)]
    );
    let failures: Vec<_> = items(&view).failures.iter().map(|row| row.error.clone().expect("why").message).collect();
    assert_eq!(failures, ["item 1"]);
}

#[test]
fn the_end_of_an_iterator_stops_what_is_open() {
    let error = json!({"code": "boom", "message": "item 1"});
    let view = view(vec![
        iterator_started(3, 2),
        began(0, 1),
        began(1, 1),
        failed(1, 1),
        ("step_failed", json!({"step": "each", "visit": 1, "error": error, "progress": progress(0, 1)})),
    ]);
    let items = items(&view);
    assert!(items.open.is_empty());
    assert_eq!(items.newest[0].status, StepStatus::Cancelled);
    assert_eq!(view.attempts[0].status, StepStatus::Cancelled);
    assert_eq!((items.in_state(StepStatus::Queued), items.failed), (2, 1));
}

#[test]
fn an_iterator_tells_its_result_and_a_children_its_execution() {
    let child = "01998c4e-9c1b-7d2e-8a10-0123456789ab";
    let view = view(vec![
        iterator_started(1, 1),
        (
            "action_started",
            json!({"step": "each", "visit": 1, "attempt": 1, "item": 0, "worker": "engine", "child": child}),
        ),
        completed(0),
        (
            "iterator_completed",
            json!({"step": "each", "visit": 1, "count": 1, "failed": 0, "result": {"status": "success", "data": [0]}}),
        ),
    ]);
    assert_eq!(items(&view).newest[0].child.map(|id| id.to_string()).as_deref(), Some(child));
    assert_eq!(view.attempts[0].child.map(|id| id.to_string()).as_deref(), Some(child));
    let result = view.steps[0].result.as_ref().map(|result| result.text.as_str());
    assert_eq!(result, Some(r#"{"data":[0],"status":"success"}"#));
}

#[test]
fn ten_thousand_items_take_the_room_of_fifty() {
    let window = 8;
    let mut lines = vec![iterator_started(10_000, window)];
    for item in 0..10_000 + window {
        if item < 10_000 {
            lines.push(began(item, 1));
        }
        if item >= window {
            let item = item - window;
            lines.push(if item % 10 == 3 { failed(item, 1) } else { completed(item) });
        }
    }
    let events = events(lines);
    let mut view = ExecutionView::new(crate::id());
    let mut largest = 0;
    for (n, event) in events.iter().enumerate() {
        view.apply(event);
        let items = view.steps.first().and_then(|step| step.items.as_ref());
        if let Some(items) = items {
            assert!(items.newest.len() <= NEWEST_ITEMS && items.failures.len() <= NEWEST_ITEMS);
            assert!(items.open.len() <= window as usize + 1);
        }
        if n % 1000 == 0 {
            largest = largest.max(serde_json::to_string(&view).expect("JSON").len());
        }
    }
    let items = items(&view);
    assert_eq!((items.completed, items.failed), (9_000, 1_000));
    assert_eq!(items.newest.last().map(|row| row.item), Some(9_999));
    assert_eq!(items.failures.last().map(|row| row.item), Some(9_993));
    assert!(largest < 300_000, "{largest} bytes");
}

#[test]
fn a_page_rendered_in_the_middle_of_an_iterator_comes_to_the_same_whole() {
    let events = events(vec![
        iterator_started(4, 2),
        began(0, 1),
        began(1, 1),
        completed(0),
        save_began(0),
        began(2, 1),
        failed(1, 1),
        retried(1, 2, "boom"),
        saved(0),
        began(1, 2),
        failed(1, 2),
        completed(2),
    ]);
    let whole = folded(&events);
    for rendered in 0..=events.len() {
        let json = serde_json::to_string(&folded(&events[..rendered])).expect("a view is JSON");
        let mut view: ExecutionView = serde_json::from_str(&json).expect("what was written");
        for event in &events {
            view.apply(event);
        }
        assert_eq!(view, whole, "rendered after {rendered} events");
    }
}

#[test]
fn items_are_called_by_what_names_them() {
    for (item, expect) in [
        (json!({"name": "Oslo", "id": 3}), "Oslo"),
        (json!({"id": 3}), "3"),
        (json!("text"), "text"),
        (json!(5), "5"),
        (json!([1, 2]), "[1,2]"),
        (json!({"x": 1}), r#"{"x":1}"#),
        (json!({"name": {"first": "a"}}), r#"{"name":{"first":"a"}}"#),
    ] {
        assert_eq!(item_label(&item), expect);
    }
    assert_eq!(item_label(&json!("ä".repeat(200))).chars().count(), 81);
}
