//! `type: iterator`, and `loop`.

use crate::{Case, case, of, with};
use protocol::Event;
use serde_json::{Value, json};

fn items(run: &crate::Run) -> Value {
    let found = run.log.iter().find_map(|(event, _)| match event {
        Event::IteratorStarted(event) => Some((*event.items).clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no iterator has begun: {:?}", run.lines()))
}

pub(crate) fn cases() -> Vec<Case> {
    let many = json!({ "workload": { "all": [{ "n": 4 }, { "n": 1 }, { "n": 3 }, { "n": 2 }, { "n": 5 }] } });
    vec![
        case(
            "iterator: collection, where, order_by, limit, chunk, enumerate",
            with(
                many,
                json!([{
                    "step": "start", "type": "iterator", "collection": "{{ workload.all }}", "element": "x",
                    "where": "{{ x.n > 1 }}", "order_by": "{{ x.n }}", "limit": 3, "chunk": 2, "enumerate": true,
                    "task": { "type": "noop", "data": { "at": "{{ [index, _loop.index, _loop.current_index, _loop.count] }}", "batch": "{{ batch }}", "outer": "{{ parent.workload.all | length }}" } },
                }]),
            ),
            |run| {
                run.start(json!({}));
                assert_eq!(items(run), json!([[{ "n": 2 }, { "n": 3 }], [{ "n": 4 }]]));
                assert_eq!(
                    *run.task("start").input,
                    json!({ "at": [0, 0, 0, 2], "batch": [{ "n": 2 }, { "n": 3 }], "outer": 5 })
                );
            },
        ),
        case(
            "iterator: sequential, one after the other, results in order",
            of(
                json!([{ "step": "start", "type": "iterator", "collection": ["a", "b"], "element": "x", "mode": "sequential", "task": { "type": "noop", "timeout_s": 4, "retry": 2 } }]),
            ),
            |run| {
                run.start(json!({}));
                for item in 0..2 {
                    assert_eq!(run.tasks.len(), 1);
                    assert_eq!((run.task("start").key.item, run.task("start").timeout_ms), (Some(item), 4_000));
                    run.complete("start", json!(item));
                }
                assert_eq!(run.result()["data"], json!([0, 1]));
                assert_eq!(run.result()["status"], json!("success"));
            },
        ),
        case(
            "iterator: async, as many at once as concurrency says; on_item_error: continue",
            of(
                json!([{ "step": "start", "type": "iterator", "collection": [1, 2, 3], "element": "x", "mode": "async", "concurrency": 2, "on_item_error": "continue", "task": { "type": "noop" } }]),
            ),
            |run| {
                run.start(json!({}));
                assert_eq!(run.tasks.len(), 2);
                run.fail("start", "no luck");
                assert_eq!(run.tasks.len(), 2);
                run.complete("start", json!("b"));
                run.complete("start", json!("c"));
                assert_eq!(run.result()["data"][0]["error"]["message"], json!("no luck"));
                assert_eq!(run.result()["data"][2], json!("c"));
            },
        ),
        case(
            "iterator: a save per item, and one of the whole",
            of(
                json!([{ "step": "start", "type": "iterator", "collection": [7], "element": "x", "task": { "type": "noop", "save": { "storage": "sqlite", "table": "t", "data": { "x": "{{ x }}", "r": "{{ this }}" } } }, "save": { "storage": "event_log" } }]),
            ),
            |run| {
                run.start(json!({}));
                run.complete("start", json!(1));
                assert_eq!(*run.task("start").input, json!({ "x": 7, "r": 1 }));
                run.complete("start", json!({ "rows": 1 }));
                assert_eq!(run.result()["data"], json!([1]));
            },
        ),
        case(
            "iterator: a child playbook per item",
            of(
                json!([{ "step": "start", "type": "iterator", "collection": [1, 2], "element": "x", "mode": "async", "task": { "type": "playbook", "path": "a/b", "data": { "x": "{{ x }}" } } }]),
            ),
            |run| {
                run.start(json!({}));
                let children = |run: &crate::Run| {
                    run.log
                        .iter()
                        .filter(|(event, _)| matches!(event, Event::ActionStarted(event) if event.child.is_some()))
                        .count()
                };
                assert_eq!(children(run), 2);
                run.input(crate::scenario::report(crate::scenario::completed(run.tasks[1].key.clone(), json!("b"))));
                run.input(crate::scenario::report(crate::scenario::completed(run.tasks[0].key.clone(), json!("a"))));
                assert_eq!(run.result()["data"], json!(["a", "b"]));
            },
        ),
        case(
            "iterator: nested fields, and loop on any action",
            of(json!([
                { "step": "start", "type": "iterator", "iterator": { "collection": [1], "element": "x" }, "task": { "type": "noop", "data": { "x": "{{ x }}" } }, "next": "b" },
                { "step": "b", "type": "noop", "data": { "y": "{{ y }}" }, "loop": { "in": [2], "iterator": "y" } },
            ])),
            |run| {
                run.start(json!({}));
                assert_eq!(*run.task("start").input, json!({ "x": 1 }));
                run.complete("start", json!(1));
                assert_eq!(*run.task("b").input, json!({ "y": 2 }));
            },
        ),
    ]
}
