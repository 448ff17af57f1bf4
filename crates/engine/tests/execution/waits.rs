//! `type: wait`: for a time, for a signal.

use crate::scenario::{Run, completed, report, signal, steps};
use engine::{Input, refusal};
use protocol::{Event, Outcome, Timestamp};
use serde_json::{Value, json};

fn wait(fields: &str) -> Run {
    Run::started(&steps(&[
        &format!(
            "step: start, type: wait, {fields}, next: [b, {{step: repair, on: failed, data: {{why: '{{{{ error.code }}}}'}}}}]"
        ),
        "step: b, type: noop, data: {got: '{{ start }}'}",
        "step: repair, type: noop",
    ]))
}

/// Sends a signal of this name, the way the runtime does: refused commands are not evaluated.
fn send(run: &mut Run, name: &str, data: Value) -> Result<usize, String> {
    let input = signal(name, data);
    match refusal(&run.playbook, &run.execution, &input) {
        Some(error) => {
            assert!(run.input(input).events.is_empty(), "what is refused changes nothing");
            Err(error.code)
        }
        None => Ok(run.input(input).events.len()),
    }
}

#[test]
fn a_wait_ends_with_the_tick_after_its_time() {
    let mut run = wait("seconds: 1.5");
    let end = run.now.plus_ms(1_500);
    assert_eq!(run.lines()[1..], ["step_started(start)", "action_started(start)"]);
    let Event::ActionStarted(started) = &run.log[2].0 else { panic!() };
    assert_eq!((started.worker.as_str(), started.until, run.tasks.len()), ("engine", Some(end), 0));
    assert_eq!(engine::wake_at(&run.playbook, &run.execution), Some(end));

    run.now = Timestamp(end.0 - 11);
    let early = run.input(Input::Tick);
    assert!(early.events.is_empty() && early.wake_at == Some(end));
    let over = run.input(Input::Tick);
    assert_eq!(over.wake_at, None);
    let Event::ActionCompleted(done) = &over.events[0] else { panic!("{over:?}") };
    assert_eq!((done.duration_ms, &*done.result), (1_509, &json!({"until": end.to_rfc3339()})));
    assert_eq!(run.input_of("b"), json!({"got": {"until": end.to_rfc3339()}}));
    assert!(run.input(Input::Tick).events.is_empty(), "a second tick finds nothing");
}

#[test]
fn a_wait_may_be_until_a_time_and_computed() {
    for fields in [
        "until: '1970-01-01T00:20:00Z'",
        "data: {at: '1970-01-01T01:20:00+01:00'}, until: '{{ at }}'",
        "data: {s: 190}, seconds: '{{ s + 9.99 }}'",
        "data: {s: 199.99}, seconds: '{{ s }}'",
        "data: {s: '199'}, seconds: '{{ s }}.99'",
    ] {
        let run = wait(fields);
        assert_eq!(engine::wake_at(&run.playbook, &run.execution), Some(Timestamp(1_200_000)), "{fields}");
    }
}

#[test]
fn a_wait_that_is_over_takes_no_time() {
    for fields in ["seconds: 0", "until: '1970-01-01T00:00:00Z'"] {
        let run = wait(fields);
        assert_eq!(run.open(), ["b"], "{fields}");
    }
}

#[test]
fn what_cannot_be_waited_for_fails_the_step() {
    for (fields, code) in [
        ("data: {s: -1}, seconds: '{{ s }}'", "bad_config"),
        ("data: {s: soon}, seconds: '{{ s }}'", "bad_config"),
        ("data: {s: soon}, until: '{{ s }}'", "bad_config"),
        ("data: {s: [1]}, signal: '{{ s }}'", "bad_config"),
        ("data: {s: ''}, signal: '{{ s }}'", "bad_config"),
        ("seconds: '{{ nothing }}'", "template_failed"),
    ] {
        let run = wait(fields);
        assert_eq!(run.input_of("repair"), json!({"why": code}), "{fields}");
    }
}

/// `again` waits anew after each signal, `once` since before that; steps are known by name in another order.
#[test]
fn a_signal_goes_to_the_wait_that_began_first() {
    let mut run = Run::started(&steps(&[
        "step: start, next: [again, once]",
        "step: again, type: wait, signal: go, next: {step: again, when: '{{ result.n < 9 }}'}",
        "step: once, type: wait, signal: go",
    ]));
    for n in 1..=3 {
        send(&mut run, "go", json!({"n": n})).expect("somebody waits");
    }
    let ended = run.lines().into_iter().filter(|line| line.starts_with("step_completed"));
    let ended: Vec<String> = ended.map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(ended, ["step_completed(again)", "step_completed(once)", "step_completed(again)"]);
}

#[test]
fn ticks_end_every_wait_that_is_over_in_order_of_their_ends() {
    let mut run = Run::started(&steps(&[
        "step: start, next: [late, soon, later]",
        "step: late, type: wait, seconds: 20, next: end",
        "step: soon, type: wait, seconds: 10, next: end",
        "step: later, type: wait, seconds: 30, next: end",
        "step: end, result: '{{ soon.until < late.until }}'",
    ]));
    let begun = run.now;
    run.now = begun.plus_ms(25_000);
    let decision = run.input(Input::Tick);
    let ended: Vec<&str> = decision
        .events
        .iter()
        .filter_map(|event| if let Event::StepCompleted(event) = event { Some(&*event.step) } else { None })
        .collect();
    assert_eq!((ended, decision.wake_at), (vec!["soon", "late"], Some(begun.plus_ms(30_000))));
    run.now = begun.plus_ms(30_000);
    run.input(Input::Tick);
    assert_eq!((run.outcome(), run.result()), (Some(Outcome::Completed), json!(true)));
}

#[test]
fn a_signal_ends_the_wait_for_it_and_is_its_result() {
    let mut run = wait("signal: paid");
    assert_eq!(engine::wake_at(&run.playbook, &run.execution), None, "nothing but the signal ends it");
    assert_eq!(send(&mut run, "other", json!(1)), Err("unknown_signal".to_owned()));
    assert!(send(&mut run, "paid", json!({"amount": 7})).is_ok());
    let Event::SignalReceived(event) = &run.log[3].0 else { panic!("{:?}", run.lines()) };
    assert_eq!((event.step.as_deref(), event.visit, event.by.as_str()), (Some("start"), Some(1), "ann"));
    assert_eq!(run.input_of("b"), json!({"got": {"amount": 7}}));
}

#[test]
fn a_signal_that_does_not_come_in_time_fails_the_step() {
    let mut run = wait("signal: paid, timeout_s: 60");
    let end = run.now.plus_ms(60_000);
    assert_eq!(engine::wake_at(&run.playbook, &run.execution), Some(end));
    run.now = end;
    run.input(Input::Tick);
    assert_eq!(run.input_of("repair"), json!({"why": "wait_timeout"}));
    assert!(run.lines().contains(&"action_failed(start)".to_owned()));
}

#[test]
fn signals_sent_before_somebody_waits_are_kept_in_order() {
    let mut run = Run::started(&steps(&[
        "step: start, type: noop, next: first",
        "step: first, type: wait, signal: go, timeout_s: 5, next: second",
        "step: second, type: wait, signal: go, next: end",
        "step: end, result: ['{{ first }}', '{{ second }}']",
    ]));
    assert_eq!(send(&mut run, "go", json!("a")), Ok(1));
    assert_eq!(send(&mut run, "go", json!("b")), Ok(1));
    let kept = &run.log.last().unwrap().0;
    assert!(matches!(kept, Event::SignalReceived(e) if e.step.is_none() && e.visit.is_none()), "{kept:?}");
    run.complete("start", json!(null));
    assert_eq!((run.outcome(), run.result()), (Some(Outcome::Completed), json!(["a", "b"])));
}

#[test]
fn no_more_signals_are_kept_than_memory_should_hold() {
    let mut run = Run::started(&steps(&["step: start, type: noop, next: w", "step: w, type: wait, signal: go"]));
    for _ in 0..1_000 {
        assert_eq!(send(&mut run, "go", json!(null)), Ok(1));
    }
    assert_eq!(send(&mut run, "go", json!(null)), Err("too_many_signals".to_owned()));
}

#[test]
fn signals_of_the_same_name_end_the_wait_that_began_first() {
    let mut run = Run::started(&steps(&[
        "step: start, next: [{step: w, data: {n: 1}}, {step: w, data: {n: 2}}]",
        "step: w, join: any, type: wait, signal: go, next: [{step: b, data: {n: '{{ n }}', got: '{{ result }}'}}]",
        "step: b, join: any, type: noop",
    ]));
    assert!(
        refusal(&run.playbook, &run.execution, &signal_to("go", 3)).is_some_and(|error| error.code == "not_waiting")
    );
    assert!(run.input(signal_to("go", 3)).events.is_empty());
    run.input(signal_to("go", 2));
    assert_eq!(run.input_of("b"), json!({"n": 2, "got": "x"}));
    send(&mut run, "go", json!("y")).unwrap();
    assert_eq!(run.input_of("b"), json!({"n": 1, "got": "y"}));
}

fn signal_to(name: &str, visit: u32) -> Input {
    Input::Signal { name: name.into(), visit: Some(visit), data: std::sync::Arc::new(json!("x")), by: "ann".into() }
}

#[test]
fn a_name_that_is_computed_may_be_any() {
    let mut run = Run::started(&steps(&[
        "step: start, type: noop, next: w",
        "step: w, type: wait, data: {id: 7}, signal: 'order-{{ id }}'",
    ]));
    assert_eq!(send(&mut run, "order-7", json!(1)), Ok(1));
    assert_eq!(send(&mut run, "order-8", json!(2)), Ok(1));
    run.complete("start", json!(null));
    assert_eq!(run.result(), json!(1));
}

#[test]
fn nobody_takes_or_reports_a_wait() {
    let mut run = wait("seconds: 5");
    let key = protocol::TaskKey {
        execution_id: run.execution.id(),
        step: "start".into(),
        visit: 1,
        attempt: 1,
        part: protocol::TaskPart::Action,
        item: None,
    };
    assert!(run.input(Input::Claim { key: key.clone(), worker: "w".into() }).events.is_empty());
    assert!(run.input(report(completed(key.clone(), json!(1)))).events.is_empty());
    let lost = Input::Lost { key, worker: "w".into(), reason: "r".into() };
    assert!(run.input(lost).events.is_empty());
}

#[test]
fn the_executions_own_limit_goes_before_a_wait() {
    let source = crate::scenario::workflow("\n  - {step: start, type: wait, seconds: 90}\n")
        .replace("workflow:", "timeout_s: 60\nworkflow:");
    let mut run = Run::of(&source);
    let decision = run.start(json!(null));
    assert_eq!(decision.wake_at, Some(run.now.plus_ms(60_000)));
    run.now = run.now.plus_ms(100_000);
    run.input(Input::Tick);
    assert_eq!(run.error().code, "execution_timeout");
}

#[test]
fn a_wait_saves_and_loops_like_any_step() {
    let mut run = Run::started(&steps(&[
        "step: start, next: w",
        "step: w, type: wait, signal: tick, save: {storage: event_log, data: {n: '{{ this.n }}'}}, next: [{step: w, when: result.n < 3}]",
    ]));
    for n in 1..=3 {
        send(&mut run, "tick", json!({ "n": n })).unwrap();
    }
    assert_eq!((run.outcome(), run.result()), (Some(Outcome::Completed), json!({"n": 3})));
    let saved: Vec<Value> = run
        .log
        .iter()
        .filter_map(|(event, _)| if let Event::StepCompleted(e) = event { e.saved.as_deref().cloned() } else { None })
        .collect();
    assert_eq!(saved, [json!({"n": 1}), json!({"n": 2}), json!({"n": 3})]);
}

#[test]
fn signals_before_the_beginning_and_after_the_end_are_refused() {
    let mut run = Run::of(&crate::scenario::workflow("\n  - {step: start, type: wait, signal: go}\n"));
    assert_eq!(send(&mut run, "go", json!(1)), Err("not_started".to_owned()));
    run.start(json!(null));
    send(&mut run, "go", json!(1)).unwrap();
    assert_eq!(run.outcome(), Some(Outcome::Completed));
    assert_eq!(send(&mut run, "go", json!(1)), Err("already_ended".to_owned()));
}
