//! Work grows with the size of the playbook, not with its square.

use crate::scenario::{Run, completed, parse, report, signal, workflow};
use engine::{Execution, Input, effort::looks, evaluate, refusal, wake_at};
use protocol::{Event, Outcome, Phase, TaskKey, Timestamp};
use serde_json::{Value, json};
use std::{collections::VecDeque, fmt::Write, time::Instant};

/// In which order tasks that are open at once are done.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    Oldest,
    Newest,
    /// Those of steps that begin with an `a` first: one branch of each join, and the others last.
    Some,
}

/// Runs a playbook to its end with as little else as possible; returns its events, and what was looked at one after
/// the other per event.
fn run(source: &str, order: Order) -> (usize, f64) {
    let playbook = parse(source);
    let mut execution = Execution::new("01998c4e-9c1b-7d2e-8a10-0123456789ab".parse().unwrap());
    let (mut events, mut last, begun) = (0, None, looks());
    let (mut queue, mut later): (VecDeque<TaskKey>, VecDeque<TaskKey>) = Default::default();
    let mut inputs = vec![crate::scenario::start("t", json!(null))];
    loop {
        for input in inputs.drain(..) {
            let decision = evaluate(&playbook, &execution, input, Timestamp(1));
            events += decision.events.len();
            last = decision.events.last().cloned().or(last);
            for new in decision.tasks {
                let is_later = order == Order::Some && !new.task.key.step.starts_with('a');
                if is_later { &mut later } else { &mut queue }.push_back(new.task.key.clone());
            }
            execution = decision.next;
        }
        let next = if order == Order::Newest { queue.pop_back() } else { queue.pop_front() };
        let Some(key) = next.or_else(|| later.pop_front()) else { break };
        inputs.push(Input::Claim { key: key.clone(), worker: "w".into() });
        inputs.push(report(completed(key, json!({"n": 1}))));
    }
    assert_eq!(execution.phase(), Phase::Completed);
    assert!(matches!(last, Some(Event::ExecutionComplete(event)) if event.error.is_none()));
    (events, (looks() - begun) as f64 / events as f64)
}

fn chain(n: usize) -> String {
    let mut steps = String::from("\n  - {step: start, next: s0}\n");
    for i in 0..n {
        writeln!(steps, "  - {{step: s{i}, type: noop, next: s{}}}", i + 1).unwrap();
    }
    writeln!(steps, "  - {{step: s{n}, type: noop}}").unwrap();
    crate::scenario::workflow(&steps)
}

/// Branches of two steps that join in an end with an action.
fn fan(n: usize) -> String {
    let all: Vec<String> = (0..n).map(|i| format!("a{i}")).collect();
    let mut steps = format!("\n  - {{step: start, next: [{}]}}\n", all.join(", "));
    for i in 0..n {
        writeln!(steps, "  - {{step: a{i}, type: noop, next: [{{step: b{i}, when: result.n == 1}}]}}").unwrap();
        writeln!(steps, "  - {{step: b{i}, type: noop, next: end}}").unwrap();
    }
    steps.push_str("  - {step: end, type: noop}\n");
    crate::scenario::workflow(&steps)
}

/// Pairs of branches, each of which joins by itself.
fn pairs(n: usize) -> String {
    let all: Vec<String> = (0..n).map(|i| format!("a{i}, b{i}")).collect();
    let mut steps = format!("\n  - {{step: start, next: [{}]}}\n", all.join(", "));
    for i in 0..n {
        writeln!(steps, "  - {{step: a{i}, type: noop, next: j{i}}}\n  - {{step: b{i}, type: noop, next: j{i}}}\n  - {{step: j{i}, type: noop}}").unwrap();
    }
    crate::scenario::workflow(&steps)
}

/// Branches that join while as many others, which began before them, still run.
fn beside(n: usize) -> String {
    let others: Vec<String> = (0..n).map(|i| format!("z{i}")).collect();
    let all: Vec<String> = (0..n).map(|i| format!("a{i}")).collect();
    let mut steps = format!("\n  - {{step: start, next: [{}, {}]}}\n", others.join(", "), all.join(", "));
    for i in 0..n {
        writeln!(steps, "  - {{step: z{i}, type: noop}}\n  - {{step: a{i}, type: noop, next: end}}").unwrap();
    }
    steps.push_str("  - {step: end, type: noop}\n");
    crate::scenario::workflow(&steps)
}

/// Items that are all under way at once, or a few.
fn items(n: usize, at_once: usize) -> String {
    crate::scenario::workflow(&format!(
        "\n  - {{step: start, type: iterator, collection: '{{{{ range({n}) | list }}}}', element: i, mode: async, \
         concurrency: {at_once}, task: {{type: noop}}}}\n"
    ))
}

fn controls(n: usize) -> String {
    let mut steps = String::from("\n  - {step: start, next: c0}\n");
    for i in 0..n {
        writeln!(steps, "  - {{step: c{i}, next: c{}}}", i + 1).unwrap();
    }
    writeln!(steps, "  - {{step: c{n}, type: noop}}").unwrap();
    crate::scenario::workflow(&steps)
}

#[test]
fn large_playbooks_look_at_no_more_per_event_than_small_ones() {
    for (name, make) in [("chain", chain as fn(usize) -> String), ("fan", fan), ("pairs", pairs), ("beside", beside)] {
        for order in [Order::Oldest, Order::Newest, Order::Some] {
            let (_, small) = run(&make(100), order);
            let (events, large) = run(&make(1000), order);
            // Ten times the size: quadratic work would be ten times as much per event; a logarithm is allowed.
            println!("{name} {order:?}: {events} events, {large:.2} looks each; small {small:.2}");
            assert!(small > 0.0 && large < small * 3.0, "{name} {order:?}: {large:.2} per event, small {small:.2}");
        }
    }
}

#[test]
fn a_thousand_control_steps_are_one_decision() {
    let (events, _) = run(&controls(1000), Order::Oldest);
    assert_eq!(events, 6);
}

#[test]
fn items_are_handed_out_and_settled_without_looking_at_the_others() {
    for order in [Order::Oldest, Order::Newest] {
        for few_at_once in [true, false] {
            let n = 5_000;
            let (events, each) = run(&items(n, if few_at_once { 8 } else { n }), order);
            println!("items {order:?}: {events} events, {each:.3} looks each");
            assert!(events > 2 * n && each < 1.0, "{order:?}: {each:.2} per event");
        }
    }
}

#[test]
fn items_that_are_looked_at_in_a_row_are_counted() {
    let playbook = parse(&items(100, 100));
    let execution = Execution::new("01998c4e-9c1b-7d2e-8a10-0123456789ab".parse().unwrap());
    let next = evaluate(&playbook, &execution, crate::scenario::start("t", json!(null)), Timestamp(1)).next;
    let begun = looks();
    assert_eq!(next.open_tasks().count(), 100);
    assert!(looks() - begun >= 100);
}

/// Waits that are over one after the other, and answers that come one after the other: what was looked at for each.
#[test]
fn a_thousand_waits_are_looked_at_one_by_one() {
    let looked_at = |n: usize| {
        let all: Vec<String> = (0..n).map(|i| format!("w{i}, q{i}")).collect();
        let mut steps = format!("\n  - {{step: start, next: [{}]}}\n", all.join(", "));
        for i in 0..n {
            writeln!(steps, "  - {{step: w{i}, type: wait, seconds: {}}}\n  - {{step: q{i}, type: approval}}", i + 1)
                .unwrap();
        }
        let playbook = parse(&crate::scenario::workflow(&steps));
        let execution = Execution::new("01998c4e-9c1b-7d2e-8a10-0123456789ab".parse().unwrap());
        let mut next = evaluate(&playbook, &execution, crate::scenario::start("t", json!(null)), Timestamp(0)).next;
        let begun = looks();
        for i in 0..n {
            let at = wake_at(&playbook, &next).unwrap();
            assert_eq!(at, Timestamp(1_000 * (i as i64 + 1)));
            next = evaluate(&playbook, &next, Input::Tick, at).next;
            let answer = signal(&format!("q{i}"), json!(true));
            assert!(refusal(&playbook, &next, &answer).is_none());
            next = evaluate(&playbook, &next, answer, at).next;
        }
        assert_eq!(next.phase(), Phase::Completed);
        (looks() - begun) as f64 / n as f64
    };
    let (small, large) = (looked_at(20), looked_at(1_000));
    assert!(small > 0.0 && large < small * 1.5, "{large:.2} each, of few {small:.2}");
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
