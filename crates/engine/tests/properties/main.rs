//! What holds for every playbook and every order of reports.
//!
//! Few cases by default; `SIGNALBOX_FULL=1` runs many more.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod generated;
#[path = "../scenario/mod.rs"]
mod scenario;

use engine::{Execution, Input, evaluate};
use generated::{Plan, plans};
use proptest::prelude::*;
use protocol::{
    Event, ExecutionId, Outcome, Phase, Task, TaskError, TaskKey, TaskReport, Timestamp,
    task::{Logs, TaskOutcome},
};
use serde_json::json;
use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

fn config() -> ProptestConfig {
    let cases = if std::env::var("SIGNALBOX_FULL").is_ok_and(|full| full == "1") { 5000 } else { 96 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn id() -> ExecutionId {
    "01998c4e-9c1b-7d2e-8a10-0123456789ab".parse().unwrap()
}

/// One execution driven to its end: every input that was given and everything it led to.
struct History {
    /// Input, its time, and how many events the log had after it.
    inputs: Vec<(Input, Timestamp, usize)>,
    log: Vec<(Event, Timestamp)>,
    end: Execution,
}

/// What the provider answers to a task: always the same for the same task.
fn answer(plan: &Plan, task: &Task) -> TaskReport {
    let (fails, n) = plan.answer(&task.key.step, task.key.visit);
    let outcome = if fails {
        TaskOutcome::Failed { error: TaskError::new("told", "told to fail"), result: None }
    } else {
        TaskOutcome::Completed { result: Arc::new(json!({"n": n, "input": &*task.input})) }
    };
    TaskReport { key: task.key.clone(), outcome, duration_ms: 1, logs: Logs::default() }
}

/// Runs a plan to its end. `order` picks the next task, and repeats old inputs now and then.
fn run(plan: &Plan, order: &[u16]) -> History {
    let playbook = scenario::parse(&plan.source());
    let mut execution = Execution::new(id());
    let mut history = History { inputs: Vec::new(), log: Vec::new(), end: execution.clone() };
    let mut open: Vec<Arc<Task>> = Vec::new();
    let mut next = Some(scenario::start("tests/t", json!({})));
    let mut step = 0;
    while let Some(input) = next.take() {
        let now = Timestamp(1000 + step as i64);
        let decision = evaluate(&playbook, &execution, input.clone(), now);
        let mut folded = execution.clone();
        for event in &decision.events {
            folded.apply(event, now);
            history.log.push((event.clone(), now));
        }
        assert_eq!(folded, decision.next, "the decision's state is the fold");
        assert!(decision.next.phase() >= execution.phase());
        execution = decision.next;
        history.inputs.push((input, now, history.log.len()));
        for key in &decision.settled {
            assert!(open.iter().any(|task| task.key == *key), "{key} was not open");
        }
        open.retain(|task| !decision.settled.contains(&task.key));
        open.extend(decision.tasks.into_iter().map(|new| new.task));
        let known: BTreeSet<TaskKey> = execution.open_tasks().collect();
        assert_eq!(
            open.iter().map(|task| task.key.clone()).collect::<BTreeSet<_>>(),
            known,
            "task table and state agree"
        );

        let choice = usize::from(order[step % order.len()]) + step / order.len();
        step += 1;
        if choice.is_multiple_of(7) {
            let (old, ..) = history.inputs[choice / 7 % history.inputs.len()].clone();
            let again = evaluate(&playbook, &execution, old.clone(), now);
            let is_new = matches!(&old, Input::Claim { key, .. } if execution.open_tasks().any(|open| open == *key));
            assert!(is_new || again.events.is_empty(), "{old:?} counted twice: {:?}", again.events);
        }
        next = (!open.is_empty()).then(|| {
            let task = &open[choice % open.len()];
            let is_claimed =
                history.inputs.iter().any(|(input, ..)| matches!(input, Input::Claim { key, .. } if *key == task.key));
            if is_claimed || choice.is_multiple_of(5) {
                scenario::report(answer(plan, task))
            } else {
                Input::Claim { key: task.key.clone(), worker: "w".into() }
            }
        });
        assert!(step < 20_000, "no end in sight: {}", plan.source());
    }
    history.end = execution;
    history
}

/// Started and ended visits, in order, by step and visit.
fn visits(log: &[(Event, Timestamp)]) -> Vec<(String, u32)> {
    let of = |event: &Event| match event {
        Event::StepStarted(event) => Some((event.step.clone(), event.visit)),
        _ => None,
    };
    log.iter().filter_map(|(event, _)| of(event)).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_execution_ends_once_and_says_so_last(plan in plans(), order in prop::collection::vec(any::<u16>(), 1..40)) {
        let history = run(&plan, &order);
        prop_assert_eq!(history.end.phase(), Phase::Completed, "{}", plan.source());
        prop_assert!(history.end.open_tasks().next().is_none());
        let is_end = |(event, _): &(Event, Timestamp)| matches!(event, Event::ExecutionComplete(_));
        prop_assert_eq!(history.log.iter().filter(|entry| is_end(entry)).count(), 1);
        prop_assert!(history.log.last().is_some_and(is_end));
    }

    #[test]
    fn no_visit_starts_or_ends_twice(plan in plans(), order in prop::collection::vec(any::<u16>(), 1..40)) {
        let history = run(&plan, &order);
        let (mut started, mut ended, mut actions) = (HashSet::new(), HashSet::new(), HashSet::new());
        for (event, _) in &history.log {
            match event {
                Event::StepStarted(e) => prop_assert!(started.insert((e.step.clone(), e.visit)), "{:?} twice", e),
                Event::StepCompleted(e) => {
                    prop_assert!(started.contains(&(e.step.clone(), e.visit)));
                    prop_assert!(ended.insert((e.step.clone(), e.visit)), "{:?} twice", e);
                }
                Event::StepFailed(e) => prop_assert!(ended.insert((e.step.clone(), e.visit)), "{:?} twice", e),
                Event::ActionStarted(e) => prop_assert!(actions.insert((e.step.clone(), e.visit, e.attempt)), "{:?} twice", e),
                Event::ActionCompleted(e) => prop_assert!(actions.contains(&(e.step.clone(), e.visit, e.attempt))),
                Event::ActionFailed(e) => prop_assert!(actions.contains(&(e.step.clone(), e.visit, e.attempt))),
                _ => {}
            }
        }
        if history.end.outcome() == Some(Outcome::Completed) {
            prop_assert!(started.iter().all(|visit| ended.contains(visit)), "completed with a visit under way");
        }
    }

    #[test]
    fn replay_equals_live_and_resuming_anywhere_reaches_the_same_end(
        plan in plans(),
        order in prop::collection::vec(any::<u16>(), 1..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let history = run(&plan, &order);
        let mut replayed = Execution::new(id());
        for (event, time) in &history.log {
            // Through the wire, as the store keeps it.
            let stored = Event::from_parts(event.name(), &event.data_json()).unwrap();
            replayed.apply(&stored, *time);
        }
        prop_assert_eq!(&replayed, &history.end);

        // A crash after any commit: the state is folded anew and the rest of the inputs comes, the last of the old ones twice.
        let at = cut.index(history.inputs.len());
        let playbook = scenario::parse(&plan.source());
        let mut execution = Execution::new(id());
        let committed = history.inputs[at].2;
        for (event, time) in &history.log[..committed] {
            execution.apply(event, *time);
        }
        let mut log = history.log[..committed].to_vec();
        for (input, now, _) in &history.inputs[at..] {
            let decision = evaluate(&playbook, &execution, input.clone(), *now);
            log.extend(decision.events.into_iter().map(|event| (event, *now)));
            execution = decision.next;
        }
        prop_assert_eq!(log, history.log);
    }

    #[test]
    fn without_loops_and_failures_the_order_of_reports_decides_nothing(
        plan in plans().prop_map(Plan::tame),
        one in prop::collection::vec(any::<u16>(), 1..40),
        other in prop::collection::vec(any::<u16>(), 1..40),
    ) {
        let (one, other) = (run(&plan, &one), run(&plan, &other));
        prop_assert_eq!(one.end.outcome(), Some(Outcome::Completed), "{:?} {}", one.end.error(), plan.source());
        let (mut first, mut second) = (visits(&one.log), visits(&other.log));
        prop_assert!(first.iter().all(|(_, visit)| *visit == 1), "a join ran twice: {:?} {}", first, plan.source());
        first.sort();
        second.sort();
        prop_assert_eq!(first, second, "{}", plan.source());
    }

    #[test]
    fn cancel_ends_it_at_any_moment(
        plan in plans(),
        order in prop::collection::vec(any::<u16>(), 1..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let history = run(&plan, &order);
        let at = cut.index(history.inputs.len());
        let mut execution = Execution::new(id());
        for (event, time) in &history.log[..history.inputs[at].2] {
            execution.apply(event, *time);
        }
        let playbook = scenario::parse(&plan.source());
        let open: BTreeSet<TaskKey> = execution.open_tasks().collect();
        let was_over = execution.phase() == Phase::Completed;
        let decision = evaluate(&playbook, &execution, Input::Cancel { reason: "r".into(), by: "b".into() }, Timestamp(9));
        if was_over {
            prop_assert!(decision.events.is_empty());
        } else {
            prop_assert_eq!(decision.next.outcome(), Some(Outcome::Cancelled));
            prop_assert_eq!(decision.settled.into_iter().collect::<BTreeSet<_>>(), open);
        }
    }
}
