//! `type: approval`: a person is asked.

use crate::scenario::{Run, signal, steps};
use engine::{Input, refusal};
use protocol::{Event, Outcome};
use serde_json::{Value, json};

const FORM: &str = "form: [{name: amount, type: number, label: 'At most {{ workload.max }}'}, {name: note, required: false}, {name: team, type: choice, options: '{{ workload.teams }}', default: blue, required: false}]";

fn asked(fields: &str) -> Run {
    let source = crate::scenario::workflow(&steps(&[
        &format!("step: start, type: approval, data: {{who: ann}}, {fields}, next: [{{step: yes, when: start.approved}}, {{step: 'no', else: true}}, {{step: late, on: failed, data: {{why: '{{{{ error.code }}}}'}}}}]"),
        "step: 'yes', type: noop, data: {got: '{{ start }}'}",
        "step: 'no', type: noop, data: {got: '{{ start }}'}",
        "step: late, type: noop",
    ]))
    .replace("workflow:", "workload: {max: 50, teams: [red, blue]}\nworkflow:");
    let mut run = Run::of(&source);
    run.start(json!(null));
    run
}

fn answer(run: &mut Run, data: Value) -> Result<(), (String, String)> {
    let input = signal("start", data);
    match refusal(&run.playbook, &run.execution, &input) {
        Some(error) => {
            assert!(run.input(input).events.is_empty(), "what is refused changes nothing");
            Err((error.code, error.message))
        }
        None => {
            run.input(input);
            Ok(())
        }
    }
}

fn at(run: &Run) -> String {
    run.now.to_rfc3339()
}

#[test]
fn the_form_is_told_and_the_answer_is_the_result() {
    let mut run = asked(&format!("message: 'May {{{{ who }}}} spend?', {FORM}"));
    assert_eq!(run.lines()[1..], ["step_started(start)", "approval_requested(start)"]);
    let Event::ApprovalRequested(request) = &run.log[2].0 else { panic!() };
    assert_eq!((request.message.as_str(), request.due), ("May ann spend?", None));
    assert_eq!(
        *request.form,
        json!([
            {"name": "amount", "label": "At most 50", "type": "number", "required": true},
            {"name": "note", "label": "note", "type": "string", "required": false},
            {"name": "team", "label": "team", "type": "choice", "required": false, "default": "blue", "options": ["red", "blue"]},
        ])
    );
    assert!(run.tasks.is_empty() && engine::wake_at(&run.playbook, &run.execution).is_none());

    answer(&mut run, json!({"amount": 7})).unwrap();
    let lines = run.lines();
    assert_eq!(
        lines[3..],
        ["signal_received(start)", "action_completed(start)", "step_completed(start)", "step_started(yes)"]
    );
    let expect = json!({"approved": true, "amount": 7, "note": null, "team": "blue", "by": "ann", "at": at(&run)});
    assert_eq!(run.input_of("yes"), json!({ "got": expect }));
}

#[test]
fn a_plain_approval_is_yes_or_no() {
    for (data, step) in [(json!({"approved": true}), "yes"), (json!({"approved": false}), "no"), (json!(false), "no")] {
        let mut run = asked("desc: Ship it?");
        let Event::ApprovalRequested(request) = &run.log[2].0 else { panic!() };
        assert_eq!(request.message, "Ship it?");
        assert_eq!(
            *request.form,
            json!([{"name": "approved", "label": "Approved", "type": "boolean", "required": true}])
        );
        answer(&mut run, data.clone()).unwrap();
        let approved = step == "yes";
        assert_eq!(run.input_of(step), json!({"got": {"approved": approved, "by": "ann", "at": at(&run)}}), "{data}");
    }
}

#[test]
fn an_answer_that_does_not_fit_is_refused_and_changes_nothing() {
    let mut run = asked(FORM);
    let error = answer(&mut run, json!({"amount": "7", "team": "green", "x": 1})).unwrap_err();
    assert_eq!(error.0, "form_invalid");
    for part in ["`start`", "`amount` must be a number", "one of \"red\", \"blue\"", "no `x`"] {
        assert!(error.1.contains(part), "{part}: {}", error.1);
    }
    answer(&mut run, json!({"approved": false})).unwrap();
    assert_eq!(run.input_of("no")["got"]["amount"], json!(null));
}

#[test]
fn who_answers_second_is_refused() {
    let mut run = asked(FORM);
    answer(&mut run, json!({"amount": 1})).unwrap();
    let error = answer(&mut run, json!({"amount": 2})).unwrap_err();
    assert_eq!(error.0, "not_waiting");
}

#[test]
fn nobody_answers_in_time() {
    let mut run = asked(&format!("timeout_s: 60, {FORM}"));
    let Event::ApprovalRequested(request) = &run.log[2].0 else { panic!() };
    let due = run.now.plus_ms(60_000);
    assert_eq!((request.due, engine::wake_at(&run.playbook, &run.execution)), (Some(due), Some(due)));
    run.now = due;
    run.input(Input::Tick);
    assert_eq!(run.input_of("late"), json!({"why": "approval_timeout"}));
}

#[test]
fn the_default_is_taken_when_nobody_answers() {
    for (default, step, amount) in [
        ("false", "no", json!(null)),
        ("{amount: 3}", "yes", json!(3)),
        ("{amount: '{{ workload.max }}'}", "yes", json!(50)),
    ] {
        let mut run = asked(&format!("timeout_s: 60, default: {default}, {FORM}"));
        run.now = run.now.plus_ms(60_000);
        run.input(Input::Tick);
        let got = &run.input_of(step)["got"];
        assert_eq!((&got["by"], &got["amount"]), (&json!("engine"), &amount), "{default}");
    }
}

#[test]
fn a_form_that_cannot_be_shown_fails_the_step_at_once() {
    for (fields, code) in [
        ("timeout_s: 60, default: '{{ who }}'", "bad_config"),
        ("form: [{name: a, type: choice, options: '{{ who }}'}]", "template_failed"),
        ("form: [{name: a, type: number, default: '{{ who }}'}]", "template_failed"),
        ("message: '{{ nobody }}'", "template_failed"),
    ] {
        let run = asked(fields);
        assert_eq!(run.input_of("late"), json!({"why": code}), "{fields}");
    }
}

#[test]
fn each_visit_is_asked_and_answered_by_itself() {
    let mut run = Run::started(&steps(&[
        "step: start, next: [{step: ok, data: {n: 1}}, {step: ok, data: {n: 2}}]",
        "step: ok, join: any, type: approval, message: 'n={{ n }}', next: [{step: b, data: {n: '{{ n }}'}}]",
        "step: b, join: any, type: noop",
    ]));
    let second =
        Input::Signal { name: "ok".into(), visit: Some(2), data: std::sync::Arc::new(json!(true)), by: "ben".into() };
    run.input(second.clone());
    assert_eq!(run.input_of("b"), json!({"n": 2}));
    assert!(refusal(&run.playbook, &run.execution, &second).is_some_and(|error| error.code == "not_waiting"));
    run.input(signal("ok", json!(true)));
    assert_eq!(run.input_of("b"), json!({"n": 1}));
    run.finish(|_| json!(1));
    assert_eq!(run.outcome(), Some(Outcome::Completed));
}

#[test]
fn signals_tells_what_can_be_sent() {
    let run = Run::started(&steps(&[
        "step: start, next: [a, b, c]",
        "step: a, type: wait, signal: go",
        "step: b, type: approval",
        "step: c, type: wait, data: {x: 1}, signal: 'n-{{ x }}'",
    ]));
    assert_eq!(run.playbook.signals().collect::<Vec<_>>(), ["b", "go"]);
    assert_eq!(run.playbook.protocols().count(), 0, "no provider is needed");
}
