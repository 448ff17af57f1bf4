//! `type: iterator`: a task for each item.

use crate::scenario::{Run, completed, report, workflow};
use engine::Input;
use protocol::{
    Event, Outcome, Task, TaskError, TaskKey, TaskPart, TaskReport,
    event::{IteratorCompleted, IteratorStarted},
    task::TaskOutcome,
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Instant};

const CITIES: &str = "[{name: Oslo, n: 7}, {name: Rome, n: 3}, {name: Bern, n: 1}, {name: Lima, n: 9}]";

/// An iterator over four cities with these fields, and what follows.
fn cities(fields: &str) -> Run {
    let steps = format!(
        "
  - {{step: start, next: each}}
  - {{step: each, type: iterator, collection: '{{{{ workload.cities }}}}', element: city, {fields}, next: end}}
  - {{step: end, result: '{{{{ each }}}}'}}
"
    );
    let mut run = Run::of(&format!("{}workload: {{cities: {CITIES}, least: 2, many: 2}}\n", workflow(&steps)));
    run.start(json!(null));
    run
}

/// The numbers of the open items, oldest first.
fn open(run: &Run) -> Vec<u32> {
    run.tasks.iter().filter_map(|task| task.key.item).collect()
}

fn item(run: &Run, item: u32) -> Arc<Task> {
    let found = run.tasks.iter().find(|task| task.key.item == Some(item));
    found.unwrap_or_else(|| panic!("no task of item {item}; there are {:?}", open(run))).clone()
}

fn complete(run: &mut Run, number: u32, result: Value) {
    let key = item(run, number).key.clone();
    run.input(Input::Claim { key: key.clone(), worker: "w".into() });
    run.input(report(completed(key, result)));
}

fn fail(run: &mut Run, number: u32) {
    let key = item(run, number).key.clone();
    run.input(failed(key));
}

fn failed(key: TaskKey) -> Input {
    let outcome = TaskOutcome::Failed { error: TaskError::new("boom", "no luck"), result: None };
    report(TaskReport { key, outcome, duration_ms: 1, logs: Default::default() })
}

fn begun(run: &Run) -> IteratorStarted {
    let found = run.log.iter().find_map(|(event, _)| match event {
        Event::IteratorStarted(event) => Some(event.clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no iterator has begun: {:?}", run.lines()))
}

fn ended(run: &Run) -> IteratorCompleted {
    let found = run.log.iter().find_map(|(event, _)| match event {
        Event::IteratorCompleted(event) => Some(event.clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no iterator has ended: {:?}", run.lines()))
}

/// The names of the items, in the order in which they are run.
fn names(fields: &str) -> Vec<String> {
    let items = begun(&cities(&format!("{fields}, task: {{type: noop}}"))).items;
    let name = |item: &Value| match item {
        Value::Array(batch) => batch.iter().map(|city| city["name"].as_str().unwrap()).collect::<Vec<_>>().join("+"),
        city => city["name"].as_str().unwrap().to_owned(),
    };
    items.as_array().unwrap().iter().map(name).collect()
}

#[test]
fn sequential_items_run_one_after_the_other() {
    let mut run = cities("task: {type: noop, data: {name: '{{ city.name }}'}}");
    assert_eq!(run.lines(), ["execution_start", "step_started(each)", "iterator_started(each)"]);
    for number in 0..4 {
        assert_eq!(open(&run), [number]);
        let task = item(&run, number);
        assert_eq!((task.protocol.as_str(), task.key.attempt, task.key.part), ("noop", 1, TaskPart::Action));
        complete(&mut run, number, (*task.input).clone());
    }
    let result = run.result();
    assert_eq!(result, json!([{"name": "Oslo"}, {"name": "Rome"}, {"name": "Bern"}, {"name": "Lima"}]));
    assert_eq!(
        run.lines()[run.lines().len() - 4..],
        ["action_completed(each)", "iterator_completed(each)", "step_completed(each)", "execution_complete"]
    );
    let end = ended(&run);
    assert_eq!((end.count, end.failed), (4, 0));
    assert_eq!((&end.result["status"], &end.result["data"]), (&json!("success"), &result));
    assert!(end.result["id"].as_str().unwrap().ends_with("/each/1"));
}

#[test]
fn async_items_run_as_many_at_once_as_told_and_others_follow() {
    let mut run = cities("mode: async, concurrency: '{{ workload.many }}', task: {type: noop}");
    assert_eq!(begun(&run).concurrency, 2);
    assert_eq!(open(&run), [0, 1]);
    complete(&mut run, 1, json!("b"));
    assert_eq!(open(&run), [0, 2]);
    complete(&mut run, 2, json!("c"));
    complete(&mut run, 3, json!("d"));
    assert_eq!(open(&run), [0]);
    complete(&mut run, 0, json!("a"));
    assert_eq!(run.result(), json!(["a", "b", "c", "d"]), "in the order of the items");
    assert_eq!(open(&cities("mode: async, task: {type: noop}")), [0, 1, 2, 3], "8 at once unless told");
}

#[test]
fn an_empty_collection_completes_at_once() {
    for fields in ["where: 'false'", "limit: 0"] {
        let run = cities(&format!("{fields}, task: {{type: noop}}"));
        assert_eq!(
            run.lines()[1..],
            [
                "step_started(each)",
                "iterator_started(each)",
                "iterator_completed(each)",
                "step_completed(each)",
                "execution_complete"
            ]
        );
        assert_eq!(run.result(), json!([]));
    }
}

#[test]
fn items_are_filtered_then_sorted_then_cut_then_put_together() {
    assert_eq!(names("where: '{{ city.n > workload.least }}'"), ["Oslo", "Rome", "Lima"]);
    assert_eq!(names("where: city.n > 2 and _loop.index > 0"), ["Rome", "Lima"]);
    assert_eq!(names("where: city.n > parent.workload.least"), ["Oslo", "Rome", "Lima"]);
    assert_eq!(names("order_by: '{{ city.n }}'"), ["Bern", "Rome", "Oslo", "Lima"]);
    assert_eq!(names("order_by: city.name"), ["Bern", "Lima", "Oslo", "Rome"]);
    assert_eq!(names("order_by: -city.n, limit: 2"), ["Lima", "Oslo"]);
    assert_eq!(names("where: city.n < 9, order_by: city.n, limit: '{{ workload.many }}'"), ["Bern", "Rome"]);
    assert_eq!(names("chunk: 3"), ["Oslo+Rome+Bern", "Lima"]);
    assert_eq!(names("order_by: city.n, limit: 3, chunk: 2"), ["Bern+Rome", "Oslo"]);
}

#[test]
fn equal_keys_keep_the_order_of_the_collection() {
    assert_eq!(names("order_by: city.n > 2"), ["Bern", "Oslo", "Rome", "Lima"]);
}

#[test]
fn an_item_knows_its_name_its_place_and_what_is_around_it() {
    let run = cities(
        "enumerate: true, chunk: 2, data: {own: 5}, task: {type: noop, data: {batch: '{{ batch | length }}', same: '{{ city == batch }}', \
         index: '{{ index }}', loop: '{{ [_loop.index, _loop.current_index, _loop.count] }}', first: '{{ _loop.item[0].name }}', \
         result_index: '{{ each.result_index }}', own: '{{ own }}', parent: '{{ parent.own + parent.workload.least }}'}}",
    );
    assert_eq!(
        *item(&run, 0).input,
        json!({"batch": 2, "same": true, "index": 0, "loop": [0, 0, 2], "first": "Oslo", "result_index": 0, "own": 5, "parent": 7})
    );
    let run = cities("task: {type: noop, data: {i: '{{ index }}'}}");
    assert_eq!(run.error().code, "template_failed", "`index` is known with `enumerate` only");
}

#[test]
fn without_data_an_item_is_its_input() {
    let oslo = json!({"name": "Oslo", "n": 7});
    let input = |fields: &str| (*item(&cities(fields), 0).input).clone();
    assert_eq!(input("task: {type: noop}"), json!({"city": oslo}));
    assert_eq!(input("enumerate: true, task: {type: noop}"), json!({"city": oslo, "index": 0}));
    assert_eq!(input("task: {type: python, code: x}"), json!({"city": oslo, "value": oslo}));
    assert_eq!(input("limit: 1, chunk: 1, task: {type: noop}"), json!({"city": [oslo], "batch": [oslo]}));
}

#[test]
fn fields_of_the_task_are_rendered_for_each_item() {
    let mut run = cities("task: {type: http, url: 'http://x/{{ city.name }}', data: {n: '{{ city.n }}'}}");
    assert_eq!(*item(&run, 0).config, json!({"url": "http://x/Oslo", "data": {"n": 7}}));
    complete(&mut run, 0, json!(1));
    assert_eq!(*item(&run, 1).config, json!({"url": "http://x/Rome", "data": {"n": 3}}));
}

#[test]
fn envelopes_of_items_are_their_data() {
    let mut run = cities("limit: 3, task: {type: noop}");
    complete(&mut run, 0, json!({"status": "success", "data": {"x": 1}}));
    complete(&mut run, 1, json!({"data": {"x": 2}}));
    complete(&mut run, 2, json!(null));
    assert_eq!(run.result(), json!([{"x": 1}, {"data": {"x": 2}}, null]));
}

#[test]
fn a_failed_item_fails_the_step_and_stops_the_others() {
    let mut run = cities("mode: async, concurrency: 3, task: {type: noop}");
    complete(&mut run, 2, json!(1));
    assert_eq!(open(&run), [0, 1, 3]);
    fail(&mut run, 1);
    assert!(run.tasks.is_empty());
    let error = run.error();
    assert_eq!((error.code.as_str(), error.step.as_deref()), ("boom", Some("each")));
    assert!(error.message.contains("item 1: no luck"), "{}", error.message);
    assert_eq!(run.outcome(), Some(Outcome::Failed));
    assert_eq!(
        run.lines()[run.lines().len() - 3..],
        ["action_failed(each)", "step_failed(each)", "execution_complete"]
    );
}

#[test]
fn arcs_for_failure_are_taken_when_an_item_failed() {
    let mut run = Run::started(
        "
  - {step: start, type: iterator, collection: [1, 2, 3], element: n, mode: async, task: {type: noop}, next: [{step: fix, on: failed, data: {why: '{{ error.message }}'}}]}
  - {step: fix, type: noop}
",
    );
    fail(&mut run, 0);
    assert_eq!(run.open(), ["fix"]);
    assert_eq!(run.input_of("fix"), json!({"why": "item 0: no luck"}));
}

#[test]
fn errors_stand_in_the_place_of_items_when_told_so() {
    let mut run = cities("on_item_error: continue, task: {type: noop, data: {x: '{{ 10 // (city.n - 3) }}'}}");
    fail(&mut run, 0);
    // Item 1 cannot be rendered: it has failed before it began, and the next one follows.
    complete(&mut run, 2, json!("c"));
    complete(&mut run, 3, json!("d"));
    let result = run.result();
    assert_eq!(result[0], json!({"status": "error", "error": {"code": "boom", "message": "no luck"}}));
    assert_eq!(result[1]["error"]["code"], json!("template_failed"));
    assert_eq!((&result[2], &result[3]), (&json!("c"), &json!("d")));
    let end = ended(&run);
    assert_eq!((end.count, end.failed, &end.result["status"]), (4, 2, &json!("partial")));
}

#[test]
fn items_that_all_fail_before_they_begin_end_at_once() {
    let mut run = Run::of(&workflow(
        "\n  - {step: start, type: iterator, collection: '{{ range(5000) | list }}', element: n, on_item_error: continue, task: {type: noop, data: {x: '{{ nope }}'}}}\n",
    ));
    let decision = run.start(json!(null));
    assert_eq!(decision.events.len(), 5000 + 6);
    assert_eq!(ended(&run).failed, 5000);
}

#[test]
fn items_are_tried_again_by_themselves() {
    let mut run = cities(
        "mode: async, concurrency: 2, task: {type: noop, retry: {max_attempts: 2, initial_delay: 1, jitter: false, retry_when: 'not success or result.again'}}",
    );
    fail(&mut run, 0);
    assert_eq!(open(&run), [1, 0], "a retry keeps its place among those at once");
    assert_eq!(item(&run, 0).key.attempt, 2);
    complete(&mut run, 1, json!({"again": true}));
    assert_eq!(item(&run, 1).key.attempt, 2);
    assert_eq!(open(&run).len(), 2);
    run.now = run.now.plus_ms(2_000);
    complete(&mut run, 0, json!({"again": false}));
    run.now = run.now.plus_ms(2_000);
    complete(&mut run, 1, json!({"again": false, "n": 1}));
    complete(&mut run, 2, json!({"again": false}));
    fail(&mut run, 3);
    run.now = run.now.plus_ms(2_000);
    fail(&mut run, 3);
    assert!(run.error().message.contains("item 3: no luck"), "{:?}", run.error());
}

#[test]
fn the_steps_retry_and_time_are_those_of_items_that_have_none() {
    let run = cities("retry: 2, timeout_s: 7, heartbeat_s: 3, task: {type: noop}");
    assert_eq!((item(&run, 0).timeout_ms, item(&run, 0).heartbeat_ms), (7_000, Some(3_000)));
    let mut run = cities("retry: 2, timeout_s: 7, task: {type: noop, retry: false, timeout_s: 5}");
    assert_eq!(item(&run, 0).timeout_ms, 5_000);
    fail(&mut run, 0);
    assert_eq!(run.outcome(), Some(Outcome::Failed));
}

#[test]
fn what_a_task_asserts_holds_for_each_item() {
    let run = cities("task: {type: noop, data: {a: 1}, assert: {expects: [b]}}");
    assert_eq!(run.error().code, "assert_expects");
    let mut run =
        cities("on_item_error: continue, limit: 2, task: {type: noop, assert: {expects: [city], returns: [ok]}}");
    complete(&mut run, 0, json!({"ok": 1}));
    complete(&mut run, 1, json!({"no": 1}));
    let end = ended(&run);
    assert_eq!(end.failed, 1);
    assert_eq!(run.result()[1]["error"]["code"], json!("assert_returns"));
    let said: Vec<_> = run.lines().into_iter().filter(|line| line.starts_with("action_")).collect();
    assert_eq!(
        said,
        ["action_started(each)", "action_completed(each)", "action_started(each)", "action_failed(each)"],
        "an item ends once"
    );
}

#[test]
fn the_step_itself_asserts_too() {
    let run = cities("assert: {expects: [own]}, task: {type: noop}");
    assert_eq!(run.error().code, "assert_expects");
    let run = cities("limit: 0, assert: {returns: [total]}, task: {type: noop}");
    assert_eq!(run.error().code, "assert_returns");
}

#[test]
fn an_items_save_is_a_part_of_its_own() {
    let mut run = cities(
        "limit: 2, task: {type: noop, save: {storage: postgres, auth: pg, table: cities, mode: upsert, key: name, \
         data: {name: '{{ city.name }}', got: '{{ this.x }}', same: '{{ data.x }}'}}}",
    );
    complete(&mut run, 0, json!({"status": "success", "data": {"x": 1}}));
    let save = item(&run, 0);
    assert_eq!((save.key.part, save.key.attempt, save.protocol.as_str()), (TaskPart::Save, 1, "postgres"));
    assert_eq!(*save.config, json!({"auth": "pg", "save": {"table": "cities", "mode": "upsert", "key": "name"}}));
    assert_eq!(*save.input, json!({"name": "Oslo", "got": 1, "same": 1}));
    complete(&mut run, 0, json!({"rows": 1}));
    complete(&mut run, 1, json!(2));
    assert_eq!(run.error().code, "template_failed", "`this.x` of 2");

    let mut run = cities(
        "limit: 1, task: {type: noop, save: {storage: sqlite, table: t}, retry: {max_attempts: 2, retry_when: 'error'}}",
    );
    complete(&mut run, 0, json!({"x": 1}));
    fail(&mut run, 0);
    let again = item(&run, 0);
    assert_eq!((again.key.part, again.key.attempt), (TaskPart::Save, 2), "a save is tried as often as its action");
    assert_eq!(*again.input, json!({"x": 1}));
    run.now = run.now.plus_ms(60_000);
    complete(&mut run, 0, json!({"rows": 1}));
    assert_eq!(run.result(), json!([{"x": 1}]), "the result is the action's");
}

#[test]
fn an_items_save_into_the_log_is_the_engines() {
    let mut run = cities(
        "limit: 1, task: {type: noop, save: {storage: event_log, data: {n: '{{ this }}', c: '{{ city.name }}'}}}",
    );
    complete(&mut run, 0, json!(4));
    let saved = run.log.iter().find_map(|(event, _)| match event {
        Event::ActionCompleted(event) if event.part == TaskPart::Save => Some((*event.result).clone()),
        _ => None,
    });
    assert_eq!(saved, Some(json!({"n": 4, "c": "Oslo"})));
    assert_eq!(run.result(), json!([4]));
}

#[test]
fn the_steps_own_save_sees_the_whole_list() {
    let mut run = cities(
        "limit: 2, task: {type: noop}, save: {storage: sqlite, table: t, data: {all: '{{ result }}', n: '{{ this.data | length }}'}}",
    );
    complete(&mut run, 0, json!("a"));
    complete(&mut run, 1, json!("b"));
    let save = run.task("each");
    assert_eq!((save.key.item, save.key.part), (None, TaskPart::Save));
    assert_eq!(*save.input, json!({"all": ["a", "b"], "n": 2}));
    run.complete("each", json!({"rows": 1}));
    assert_eq!(run.result(), json!(["a", "b"]));
}

#[test]
fn children_are_started_for_items_as_they_come() {
    let mut run = cities(
        "mode: async, concurrency: 2, task: {type: playbook, path: p, data: {city: '{{ city }}'}, return_step: score}",
    );
    let children = |run: &Run| {
        let of = |(event, _): &(Event, protocol::Timestamp)| match event {
            Event::ActionStarted(event) => Some((event.item?, event.child?)),
            _ => None,
        };
        run.log.iter().filter_map(of).collect::<Vec<_>>()
    };
    assert_eq!(children(&run).len(), 2);
    let task = item(&run, 1);
    assert_eq!(children(&run)[1], (1, engine::child_id(&task.key, run.execution.created_at())));
    assert_eq!(*task.input, json!({"city": {"name": "Rome", "n": 3}}));
    run.input(report(completed(task.key.clone(), json!(1))));
    assert_eq!(children(&run).iter().map(|(item, _)| *item).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn an_entry_of_the_workbook_can_be_the_task() {
    let source = workflow(
        "
  - {step: start, type: iterator, collection: [5], element: n, task: {type: workbook, name: w, data: {n: '{{ n }}'}}}
workbook:
  - {name: w, type: python, code: x, data: {n: 1, m: '{{ n + 1 }}'}}
",
    );
    let mut run = Run::of(&source);
    run.start(json!(null));
    assert_eq!(*item(&run, 0).input, json!({"n": 5, "m": 6}));
    assert_eq!(item(&run, 0).protocol, "python");
}

#[test]
fn older_ways_to_write_it_mean_the_same() {
    for step in [
        "type: iterator, iterator: {collection: [1, 2], element: n, mode: async}, task: {type: noop, data: {x: '{{ n }}'}}",
        "type: iterator, data: [1, 2], element: n, mode: parallel, task: {type: noop, data: {x: '{{ n }}'}}",
        "type: noop, data: {x: '{{ n }}'}, loop: {in: [1, 2], iterator: n, mode: async}",
        "type: noop, data: {x: '{{ n }}'}, loop: {collection: '[1, 2]', element: n, mode: async}",
    ] {
        let run = Run::started(&format!("\n  - {{step: start, {step}}}\n"));
        assert_eq!(open(&run), [0, 1], "{step}");
        assert_eq!(*item(&run, 1).input, json!({"x": 2}), "{step}");
    }
}

#[test]
fn a_collection_can_be_made_in_several_ways() {
    let items = |collection: &str| {
        let run = Run::started(&format!(
            "\n  - {{step: start, type: iterator, collection: {collection}, element: n, task: {{type: noop}}}}\n"
        ));
        (*begun(&run).items).clone()
    };
    assert_eq!(items("[a, '{{ 1 + 1 }}']"), json!(["a", 2]));
    assert_eq!(items("'{{ range(3) }}'"), json!([0, 1, 2]));
    assert_eq!(items("'[{{ 4 }}, 5]'"), json!([4, 5]), "text of a list");
    assert_eq!(items("{a: 1}"), json!([{"key": "a", "value": 1}]));
    for (collection, what) in [("'{{ none }}'", "nothing"), ("'{{ 5 }}'", "a number"), ("abc", "text")] {
        let run = Run::started(&format!(
            "\n  - {{step: start, type: iterator, collection: {collection}, element: n, task: {{type: noop}}}}\n"
        ));
        let error = run.error();
        assert_eq!(error.code, "bad_config");
        assert!(error.message.contains(&format!("came to {what}; it must be a list")), "{}", error.message);
    }
    let steps =
        "\n  - {step: start, type: iterator, collection: '{{ workload.all }}', element: n, task: {type: noop}}\n";
    let mut run = Run::of(&workflow(steps));
    run.start(json!({"all": vec![0; 100_001]}));
    assert_eq!(run.error().code, "too_many_items");
}

#[test]
fn an_expression_that_fails_fails_the_step_and_is_named() {
    for (fields, code) in [("where: city.nope", "condition_failed"), ("order_by: city.nope", "template_failed")] {
        let run = cities(&format!("{fields}, task: {{type: noop}}"));
        assert_eq!(run.error().code, code);
        assert!(run.error().message.contains("city.nope"), "{}", run.error().message);
    }
    let run = cities("limit: '{{ workload.cities }}', task: {type: noop}");
    assert_eq!(run.error().code, "bad_config");
}

#[test]
fn a_pause_holds_items_back() {
    let mut run = cities("mode: async, concurrency: 2, task: {type: noop}");
    let first = item(&run, 0).key.clone();
    run.input(Input::Claim { key: first.clone(), worker: "w".into() });
    run.input(Input::Pause { reason: "r".into(), by: "ann".into() });
    assert_eq!(open(&run), [0], "what nobody has claimed waits");
    run.input(report(completed(first, json!("a"))));
    assert!(open(&run).is_empty());
    run.input(Input::Resume { by: "ann".into() });
    assert_eq!(open(&run), [1, 2]);
    for (number, result) in [(1, "b"), (2, "c"), (3, "d")] {
        complete(&mut run, number, json!(result));
    }
    assert_eq!(run.result(), json!(["a", "b", "c", "d"]));
}

#[test]
fn a_cancellation_stops_every_item() {
    let mut run = cities("mode: async, task: {type: noop}");
    run.input(Input::Cancel { reason: "r".into(), by: "ann".into() });
    assert!(run.tasks.is_empty());
    assert_eq!(run.outcome(), Some(Outcome::Cancelled));
}

#[test]
fn the_work_of_a_lost_worker_is_an_item_again() {
    let mut run = cities("task: {type: noop}");
    for attempt in 1..5 {
        let key = item(&run, 0).key.clone();
        assert_eq!(key.attempt, attempt);
        run.input(Input::Claim { key: key.clone(), worker: "w".into() });
        run.input(Input::Lost { key: key.clone(), worker: "w".into(), reason: "gone".into() });
        assert_eq!(open(&run), [0]);
        run.input(report(completed(key, json!("late"))));
        assert_eq!(run.lines().last().map(String::as_str), Some("report_late(each)"));
    }
    let key = item(&run, 0).key.clone();
    run.input(Input::Claim { key: key.clone(), worker: "w".into() });
    run.input(Input::Lost { key, worker: "w".into(), reason: "gone".into() });
    assert_eq!(run.error().code, "worker_lost");
}

#[test]
fn reports_count_once() {
    let mut run = cities("mode: async, concurrency: 2, task: {type: noop}");
    let key = item(&run, 0).key.clone();
    run.input(report(completed(key.clone(), json!("a"))));
    let before = run.log.len();
    for again in [completed(key.clone(), json!("b")), completed(TaskKey { item: Some(3), ..key.clone() }, json!("c"))] {
        run.input(report(again));
    }
    run.input(failed(key));
    assert_eq!(run.log.len(), before);
    assert_eq!(open(&run), [1, 2]);
}

#[test]
fn loops_visit_an_iterator_again() {
    let mut run = Run::started(
        "
  - {step: start, next: each}
  - {step: each, type: iterator, collection: [1, 2], element: n, mode: async, task: {type: noop}, next: [{step: each, when: 'result.data[0] == 0'}, {step: end, else: true}]}
  - {step: end, result: '{{ each }}'}
",
    );
    for result in [0, 1] {
        assert_eq!(item(&run, 0).key.visit, result + 1);
        complete(&mut run, 0, json!(result));
        complete(&mut run, 1, json!(result));
    }
    assert_eq!(run.result(), json!([1, 1]));
}

#[test]
fn a_join_waits_for_the_whole_iterator() {
    let mut run = Run::started(
        "
  - {step: start, next: [each, other]}
  - {step: each, type: iterator, collection: [1, 2], element: n, task: {type: noop}, next: join}
  - {step: other, type: noop, next: join}
  - {step: join, type: noop, data: {all: '{{ each }}'}}
",
    );
    run.complete("other", json!(1));
    complete(&mut run, 0, json!("a"));
    assert_eq!(run.open(), ["each"]);
    complete(&mut run, 1, json!("b"));
    assert_eq!(run.input_of("join"), json!({"all": ["a", "b"]}));
}

/// Runs an iterator over `n` items whose visit has the whole collection as its input; seconds per item.
fn seconds_per_item(n: usize) -> f64 {
    let mut run = Run::of(&workflow(
        "
  - {step: start, type: iterator, data: {all: '{{ workload.items }}'}, collection: '{{ all }}', element: n, mode: async, concurrency: 100, task: {type: noop, data: {x: '{{ n.v }}'}, retry: true}}
",
    ));
    let items: Vec<Value> = (0..n).map(|v| json!({"v": v})).collect();
    let begun = Instant::now();
    let mut queue: std::collections::VecDeque<_> =
        crate::scenario::decide(&mut run, crate::scenario::start("t", json!({"items": items}))).into();
    while let Some(task) = queue.pop_front() {
        queue.extend(crate::scenario::decide(&mut run, report(completed(task.key.clone(), (*task.input).clone()))));
    }
    assert_eq!(run.outcome(), Some(Outcome::Completed));
    assert_eq!(run.result()["data"][n - 1], json!({"x": n - 1}));
    begun.elapsed().as_secs_f64() / n as f64
}

#[test]
fn ten_thousand_items_take_linear_time() {
    let small = (0..3).map(|_| seconds_per_item(500)).fold(f64::MAX, f64::min);
    let large = seconds_per_item(10_000);
    println!("{:.1} µs per item; small {:.1} µs", large * 1e6, small * 1e6);
    // Twenty times the size: quadratic work would be twenty times the cost of each.
    assert!(large < small * 10.0, "{:.1} µs per item, small {:.1} µs", large * 1e6, small * 1e6);
}
