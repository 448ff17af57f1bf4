//! What an item does besides its action: it asserts, saves, is a child, an entry of the workbook.

use super::support::{cities, complete, ended, fail, item};
use crate::scenario::{Run, completed, report, workflow};
use protocol::{Event, TaskPart};
use serde_json::json;

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
