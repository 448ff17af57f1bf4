//! `save: event_log`.

use crate::scenario::Run;
use protocol::{Event, Outcome};
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
