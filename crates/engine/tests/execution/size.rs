//! Work grows with the size of the playbook, not with its square.

use crate::scenario::parse;
use engine::{Execution, Input, evaluate};
use protocol::{Event, Phase, Timestamp};
use serde_json::json;
use std::{collections::VecDeque, fmt::Write, time::Instant};

/// Runs a playbook to its end with as little else as possible; returns its events and the time per event.
fn run(source: &str) -> (usize, f64) {
    let playbook = parse(source);
    let mut execution = Execution::new("01998c4e-9c1b-7d2e-8a10-0123456789ab".parse().unwrap());
    let mut queue = VecDeque::from([crate::scenario::start("t", json!(null))]);
    let (mut events, mut last, begun) = (0, None, Instant::now());
    while let Some(input) = queue.pop_front() {
        let decision = evaluate(&playbook, &execution, input, Timestamp(1));
        events += decision.events.len();
        last = decision.events.last().cloned().or(last);
        for engine::NewTask { task, .. } in &decision.tasks {
            queue.push_back(Input::Claim { key: task.key.clone(), worker: "w".into() });
            queue.push_back(crate::scenario::report(crate::scenario::completed(task.key.clone(), json!({"n": 1}))));
        }
        execution = decision.next;
    }
    assert_eq!(execution.phase(), Phase::Completed);
    assert!(matches!(last, Some(Event::ExecutionComplete(event)) if event.error.is_none()));
    (events, begun.elapsed().as_secs_f64() / events as f64)
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

fn controls(n: usize) -> String {
    let mut steps = String::from("\n  - {step: start, next: c0}\n");
    for i in 0..n {
        writeln!(steps, "  - {{step: c{i}, next: c{}}}", i + 1).unwrap();
    }
    writeln!(steps, "  - {{step: c{n}, type: noop}}").unwrap();
    crate::scenario::workflow(&steps)
}

#[test]
fn large_playbooks_cost_per_event_about_what_small_ones_do() {
    for (name, make) in [("chain", chain as fn(usize) -> String), ("fan", fan), ("pairs", pairs)] {
        let (_, small) = (0..3).map(|_| run(&make(60))).min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        let (events, large) = (0..2).map(|_| run(&make(1200))).min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        // Twenty times the size: quadratic work would be twenty times the cost per event.
        println!("{name}: {events} events, {:.1} µs each; small {:.1} µs", large * 1e6, small * 1e6);
        assert!(large < small * 8.0, "{name}: {:.1} µs per event, small {:.1} µs", large * 1e6, small * 1e6);
    }
}

#[test]
fn a_thousand_control_steps_are_one_decision() {
    let (events, _) = run(&controls(1000));
    assert_eq!(events, 6);
}
