//! `save`: into the log by the engine, elsewhere by a task of its own.

use crate::scenario::Run;
use protocol::{Event, Outcome, TaskPart};
use serde_json::{Value, json};

fn saved(run: &Run, step: &str) -> Option<Value> {
    run.log.iter().find_map(|(event, _)| match event {
        Event::StepCompleted(event) if event.step == step => Some(event.saved.as_deref().cloned()),
        _ => None,
    })?
}

#[test]
fn a_control_step_with_a_save_is_done_by_the_engine_in_one_decision() {
    let run = Run::started(
        "
  - {step: start, next: [{step: end, data: {n: 2}}]}
  - {step: end, type: end, save: {type: event_log, data: {status: success, twice: '{{ n * 2 }}'}}}
",
    );
    assert_eq!(
        run.lines(),
        [
            "execution_start",
            "step_started(end)",
            "action_started(end)",
            "action_completed(end)",
            "step_completed(end)",
            "execution_complete"
        ]
    );
    let Event::ActionStarted(event) = &run.log[2].0 else { panic!() };
    assert_eq!(event.worker, "engine");
    let expect = json!({"status": "success", "twice": 4});
    assert_eq!(saved(&run, "end"), Some(expect.clone()));
    assert_eq!(run.result(), expect);
    assert!(run.tasks.is_empty());
}

#[test]
fn saves_are_written_in_the_ways_of_the_dialect() {
    for save in [
        "{storage: event_log, data: {x: 1}}",
        "{type: event_log, args: {x: 1}}",
        "{storage: {type: event_log}, data: {x: 1}}",
        "{storage: event, data: {x: 1}}",
        "{storage: {type: event_log, data: {x: 1}}}",
    ] {
        let run = Run::started(&format!("\n  - {{step: start, next: s}}\n  - {{step: s, save: {save}}}\n"));
        assert_eq!(saved(&run, "s"), Some(json!({"x": 1})), "{save}");
    }
}

#[test]
fn the_save_of_an_action_sees_its_result() {
    let mut run = Run::started(
        "
  - {step: start, next: a}
  - {step: a, type: noop, data: {k: key}, save: {storage: event_log, data: {x: '{{ this.x }}', y: '{{ result.data.x }}', z: '{{ a.x }}', k: '{{ k }}'}}, next: b}
  - {step: b, type: noop}
",
    );
    run.complete("a", json!({"status": "ok", "data": {"x": 5}}));
    assert_eq!(saved(&run, "a"), Some(json!({"x": 5, "y": 5, "z": 5, "k": "key"})));
}

#[test]
fn a_save_without_data_keeps_the_result() {
    for save in ["event_log", "{storage: event_log}"] {
        let mut run = Run::started(&format!("\n  - {{step: start, type: noop, save: {save}}}\n"));
        run.complete("start", json!({"x": 1}));
        assert_eq!(saved(&run, "start"), Some(json!({"x": 1})));
    }
}

#[test]
fn a_save_that_fails_fails_its_step() {
    let mut run = Run::started(
        "\n  - {step: start, next: a}\n  - {step: a, type: noop, save: {storage: event_log, data: '{{ nope }}'}}\n",
    );
    run.complete("a", json!(1));
    assert_eq!(run.lines()[3..], ["action_completed(a)", "step_failed(a)", "execution_complete"]);
    assert_eq!(run.error().code, "template_failed");

    let run =
        Run::started("\n  - {step: start, next: s}\n  - {step: s, save: {storage: event_log, data: '{{ nope }}'}}\n");
    assert_eq!(
        run.lines()[1..],
        ["step_started(s)", "action_started(s)", "action_failed(s)", "step_failed(s)", "execution_complete"]
    );
    assert_eq!(run.outcome(), Some(Outcome::Failed));
}

#[test]
fn a_saving_step_joins_and_leads_on() {
    let mut run = Run::started(
        "
  - {step: start, next: [a, b]}
  - {step: a, type: noop, next: s}
  - {step: b, type: noop, next: s}
  - {step: s, save: {storage: event_log, data: {both: '{{ [a, b] }}'}}, next: [{step: z, data: {got: '{{ result.both }}'}}]}
  - {step: z, type: noop}
",
    );
    run.complete("a", json!(1));
    run.complete("b", json!(2));
    assert_eq!(run.input_of("z"), json!({"got": [1, 2]}));
}

/// The save task of a step `a` with this save, whose action came to `result`.
fn save_task(save: &str, result: Value) -> (String, Value, Value) {
    let mut run = Run::started(&format!(
        "\n  - {{step: start, next: a}}\n  - {{step: a, type: noop, data: {{k: key}}, save: {save}}}\nworkload: {{pg: main}}\n"
    ));
    run.complete("a", result);
    let task = run.task("a");
    assert_eq!((task.key.part, task.key.attempt), (TaskPart::Save, 1), "{save}");
    (task.protocol.clone(), (*task.config).clone(), (*task.input).clone())
}

#[test]
fn storages_are_the_protocols_of_save_tasks() {
    let rows = json!({"id": 1, "x": 5});
    for (save, protocol, config) in [
        (
            "{storage: postgres, auth: '{{ workload.pg }}', table: t, mode: upsert, key: id, data: {id: 1, x: '{{ this.x }}'}}",
            "postgres",
            json!({"auth": "main", "save": {"table": "t", "mode": "upsert", "key": "id"}}),
        ),
        (
            "{storage: {type: postgres, table: t}, auth: {pg: {type: postgres, credential: c}}, args: {id: 1, x: 5}}",
            "postgres",
            json!({"auth": {"pg": "c"}, "save": {"table": "t"}}),
        ),
        (
            "{type: sqlite, database: d.db, table: t, mode: append, data: {id: 1, x: 5}}",
            "sqlite",
            json!({"database": "d.db", "save": {"table": "t", "mode": "append"}}),
        ),
        (
            "{storage: sqlite, statement: 'INSERT INTO t VALUES (:id, :x)', params: {id: 1, x: 5}}",
            "sqlite",
            json!({"save": {"statement": "INSERT INTO t VALUES (:id, :x)"}}),
        ),
        (
            "{storage: duckdb, table: t, mode: update, key: [id], data: {id: 1, x: 5}}",
            "duckdb",
            json!({"save": {"table": "t", "mode": "update", "key": ["id"]}}),
        ),
        (
            "{storage: http, endpoint: 'http://x/{{ k }}', method: PUT, headers: {a: b}, data: {id: 1, x: 5}}",
            "http",
            json!({"endpoint": "http://x/key", "method": "PUT", "headers": {"a": "b"}, "save": {}}),
        ),
        (
            "{storage: python, code: 'def main(id, x): return {{ 1 }}', data: {id: 1, x: 5}}",
            "python",
            json!({"code": "def main(id, x): return {{ 1 }}", "save": {}}),
        ),
    ] {
        let task = save_task(save, json!({"status": "ok", "data": {"x": 5}}));
        assert_eq!(task, (protocol.to_owned(), config, rows.clone()), "{save}");
    }
}

#[test]
fn without_data_the_result_is_saved() {
    let (_, _, rows) = save_task("{storage: sqlite, table: t}", json!({"status": "ok", "data": [{"x": 5}]}));
    assert_eq!(rows, json!([{"x": 5}]));
    let (_, _, rows) = save_task("{storage: sqlite, table: t}", json!({"x": 5}));
    assert_eq!(rows, json!({"x": 5}));
}

#[test]
fn a_step_completes_after_its_save() {
    let mut run = Run::started(
        "\n  - {step: start, next: a}\n  - {step: a, type: noop, save: {storage: sqlite, table: t}, next: [{step: b, data: {x: '{{ this.x }}'}}]}\n  - {step: b, type: noop}\n",
    );
    run.complete("a", json!({"x": 1}));
    assert_eq!(run.open(), ["a"]);
    run.complete("a", json!({"rows": 1}));
    assert_eq!(
        run.lines()[2..],
        [
            "action_started(a)",
            "action_completed(a)",
            "action_started(a)",
            "action_completed(a)",
            "step_completed(a)",
            "step_started(b)"
        ]
    );
    assert_eq!(run.input_of("b"), json!({"x": 1}), "the step's result is its action's");
}

#[test]
fn a_save_task_that_fails_fails_its_step_unless_it_is_tried_again() {
    let steps = |retry: &str| {
        format!(
            "\n  - {{step: start, next: a}}\n  - {{step: a, type: noop{retry}, save: {{storage: sqlite, table: t, data: '{{{{ this }}}}'}}, next: [{{step: b, on: failed}}]}}\n  - {{step: b, type: noop}}\n"
        )
    };
    let mut run = Run::started(&steps(""));
    run.complete("a", json!({"x": 1}));
    run.fail("a", "locked");
    assert_eq!(run.open(), ["b"]);

    let mut run = Run::started(&steps(
        ", retry: {max_attempts: 2, initial_delay: 1, jitter: false, retry_when: 'status_code == 503'}",
    ));
    run.complete("a", json!({"x": 1}));
    run.fail("a", "locked");
    let again = run.task("a");
    assert_eq!((again.key.part, again.key.attempt), (TaskPart::Save, 2), "as often as the action, whatever that asks");
    assert_eq!(*again.input, json!({"x": 1}), "the action's result is still there");
    run.now = run.now.plus_ms(2_000);
    run.fail("a", "locked");
    assert_eq!(run.open(), ["b"]);
}

#[test]
fn an_action_that_is_tried_again_after_a_success_is_saved_once() {
    let mut run = Run::started(
        "\n  - {step: start, type: noop, retry: {max_attempts: 3, initial_delay: 1, jitter: false, retry_when: result.again}, save: {storage: sqlite, table: t}}\n",
    );
    run.complete("start", json!({"again": true}));
    let again = run.task("start");
    assert_eq!((again.key.part, again.key.attempt), (TaskPart::Action, 2));
    run.now = run.now.plus_ms(2_000);
    run.complete("start", json!({"again": false}));
    assert_eq!(*run.task("start").input, json!({"again": false}));
    run.complete("start", json!(1));
    assert_eq!(run.outcome(), Some(Outcome::Completed));
}

#[test]
fn a_step_that_only_saves_has_one_task() {
    for step in [
        "save: {storage: sqlite, table: t, data: {x: '{{ n }}'}}",
        "type: save, save: {storage: sqlite, table: t, data: {x: '{{ n }}'}}",
        "type: save, storage: sqlite, table: t, data: {x: '{{ n }}'}",
    ] {
        let mut run = Run::started(&format!(
            "\n  - {{step: start, next: [{{step: s, data: {{n: 5}}}}]}}\n  - {{step: s, {step}, next: end}}\n  - {{step: end, result: '{{{{ s }}}}'}}\n"
        ));
        let task = run.task("s");
        assert_eq!((task.key.part, task.protocol.as_str()), (TaskPart::Save, "sqlite"), "{step}");
        assert_eq!(*task.config, json!({"save": {"table": "t"}}));
        assert_eq!(*task.input, json!({"x": 5}));
        run.complete("s", json!({"rows": 1}));
        assert_eq!(
            run.lines()[1..],
            ["step_started(s)", "action_started(s)", "action_completed(s)", "step_completed(s)", "execution_complete"]
        );
        assert_eq!(run.result(), json!({"rows": 1}));
    }
    let run = Run::started("\n  - {step: start, type: save, storage: event_log, data: {x: 1}}\n");
    assert_eq!(run.result(), json!({"x": 1}));
}

#[test]
fn what_is_waited_for_can_be_saved() {
    let mut run = Run::started(
        "\n  - {step: start, type: wait, signal: go, save: {storage: sqlite, table: t, data: {got: '{{ this.n }}'}}}\n",
    );
    run.input(crate::scenario::signal("go", json!({"n": 3})));
    assert_eq!(*run.task("start").input, json!({"got": 3}));
    run.complete("start", json!(1));
    assert_eq!(run.outcome(), Some(Outcome::Completed));
}

#[test]
fn providers_that_save_are_needed() {
    let run = Run::of(&crate::scenario::workflow(
        "\n  - {step: start, type: iterator, collection: [1], element: n, task: {type: python, code: x, save: {storage: http, url: u}}, save: {storage: sqlite, table: t}}\n",
    ));
    assert_eq!(run.playbook.protocols().collect::<Vec<_>>(), ["http", "python", "sqlite"]);
}
