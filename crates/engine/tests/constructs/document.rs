//! The top of a playbook.

use crate::{Case, case, of, with};
use engine::playbook::{CatchUp, Overlap};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn one() -> Value {
    json!([{ "step": "start", "type": "noop" }])
}

pub(crate) fn cases() -> Vec<Case> {
    let mut public = of(one());
    public["apiVersion"] = json!("noetl.io/v1");
    public["metadata"] = json!({ "name": "n", "path": "a/b", "version": "0.1.0", "description": "d" });
    let mut steps = of(json!([]));
    steps.as_object_mut().unwrap().remove("workflow");
    steps["steps"] = one();
    vec![
        case("apiVersion of the public dialect; kind; metadata", public, |run| {
            assert_eq!((run.playbook.path(), run.playbook.name()), ("a/b", "n"));
            assert_eq!(run.playbook.description(), Some("d"));
            run.start(json!({}));
            run.complete("start", json!(1));
            assert_eq!(run.result(), json!(1));
        }),
        case("steps is another word for workflow", steps, |run| {
            run.start(json!({}));
            assert_eq!(run.open(), ["start"]);
        }),
        case(
            "workload: the input is merged over it, deeply",
            with(
                json!({ "workload": { "a": 1, "deep": { "x": 1, "y": 2 } } }),
                json!([{ "step": "start", "type": "noop", "data": { "got": "{{ [workload.a, workload.deep, workload.b] }}" } }]),
            ),
            |run| {
                run.start(json!({ "deep": { "y": 3 }, "b": 4 }));
                assert_eq!(run.input_of("start"), json!({ "got": [1, { "x": 1, "y": 3 }, 4] }));
            },
        ),
        case(
            "workbook: an entry is called with defaults and inputs",
            with(
                json!({ "workbook": [{ "name": "flag", "type": "python", "code": "c", "data": { "limit": 25, "n": 1 } }] }),
                json!([{ "step": "start", "type": "workbook", "name": "flag", "with": { "n": 2 } }]),
            ),
            |run| {
                run.start(json!({}));
                assert_eq!(run.task("start").protocol, "python");
                assert_eq!(*run.task("start").input, json!({ "limit": 25, "n": 2 }));
            },
        ),
        case(
            "schedule, webhook, concurrency, rate, priority, timeout_s",
            with(
                json!({
                    "workload": { "c": "eu" },
                    "schedule": [{
                        "name": "daily", "cron": "0 6 * * *", "timezone": "Europe/Berlin", "overlap": "skip",
                        "catch_up": "last", "paused": true, "input": { "at": "{{ schedule.time }}" },
                    }],
                    "webhook": { "name": "orders", "secret": "hook", "input": { "id": "{{ body.id }}" } },
                    "concurrency": { "key": "k-{{ workload.c }}", "limit": 2, "max_queued": 5 },
                    "rate": { "key": "{{ workload.c }}", "limit": 10, "per_s": 60 },
                    "priority": 7,
                    "timeout_s": 30,
                }),
                one(),
            ),
            |run| {
                let schedule = &run.playbook.schedules()[0];
                assert_eq!((schedule.name.as_str(), schedule.cron.as_str()), ("daily", "0 6 * * *"));
                assert_eq!((schedule.overlap, schedule.catch_up), (Overlap::Skip, CatchUp::Last));
                assert!(run.playbook.webhook().is_some_and(|webhook| webhook.secret.as_deref() == Some("hook")));
                assert_eq!(run.playbook.concurrency().map(|concurrency| concurrency.limit), Some(2));
                assert_eq!(run.playbook.rate().map(|rate| (rate.limit, rate.per_ms)), Some((10, 60_000)));
                run.start(json!({}));
                assert_eq!(run.task("start").priority, 7);
                run.now = run.now.plus_ms(30_000);
                run.input(engine::Input::Tick);
                assert_eq!(run.error().code, "execution_timeout");
            },
        ),
        case("webhook by its path", with(json!({ "webhook": { "path": "a/b" } }), one()), |run| {
            assert_eq!(run.playbook.webhook().map(|webhook| webhook.name.as_str()), Some("a/b"))
        }),
        case(
            "step and name, desc and description",
            of(json!([
                { "name": "start", "description": "first", "next": "b" },
                { "step": "b", "desc": "second", "type": "noop" },
            ])),
            |run| {
                let graph = run.playbook.graph();
                let told: BTreeMap<_, _> =
                    graph.nodes.iter().map(|node| (node.step.as_str(), node.desc.as_deref())).collect();
                assert_eq!(told, [("start", Some("first")), ("b", Some("second"))].into());
            },
        ),
    ]
}
