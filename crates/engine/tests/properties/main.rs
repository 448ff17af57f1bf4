//! What holds for every playbook and every order of reports.
//!
//! Few cases by default; `SIGNALBOX_FULL=1` runs many more.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod generated;
#[path = "../scenario/mod.rs"]
mod scenario;
mod simulation;

use engine::{Execution, Input, evaluate, reuse_from};
use generated::{Plan, plans};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use protocol::{Event, Outcome, Phase, TaskKey, TaskPart, Timestamp};
use simulation::{Faults, History, go_on, id, rerun, run};
use std::collections::{BTreeSet, HashSet};

fn config() -> ProptestConfig {
    let cases = if std::env::var("SIGNALBOX_FULL").is_ok_and(|full| full == "1") { 5000 } else { 96 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn orders() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 1..40)
}

fn faults() -> impl Strategy<Value = Faults> {
    (any::<bool>(), any::<bool>(), prop::option::weighted(0.3, 0_usize..30))
        .prop_map(|(losses, pauses, cancel_at)| Faults { losses, pauses, cancel_at })
}

/// Visits that were begun or taken over, in order.
fn visits(history: &History) -> Vec<(String, u32)> {
    let of = |event: &Event| match event {
        Event::StepStarted(event) => Some((event.step.clone(), event.visit)),
        Event::StepReused(event) => Some((event.step.clone(), event.visit)),
        _ => None,
    };
    history.log.iter().filter_map(|(event, _)| of(event)).collect()
}

/// The state after so many inputs.
fn folded(history: &History, inputs: usize) -> Execution {
    let mut execution = Execution::new(id());
    for (event, time) in &history.log[..committed(history, inputs)] {
        execution.apply(event, *time);
    }
    execution
}

/// How many events the log had after so many inputs.
fn committed(history: &History, inputs: usize) -> usize {
    inputs.checked_sub(1).map_or(0, |last| history.inputs[last].2)
}

/// The properties are worth what chance comes to.
#[test]
fn chance_comes_to_everything() {
    let mut runner = TestRunner::deterministic();
    let (mut told, mut ends) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..400 {
        let (plan, order, faults) = (plans(), orders(), faults()).new_tree(&mut runner).unwrap().current();
        let history = run(&plan, &order, faults);
        ends.extend(history.end.error().map(|error| error.code.clone()));
        told.extend(history.log.iter().map(|(event, _)| match event {
            Event::ActionStarted(event) if event.child.is_some() => "child".to_owned(),
            event => event.name().to_owned(),
        }));
    }
    let expect = [
        "child",
        "execution_start",
        "step_started",
        "action_started",
        "action_completed",
        "action_failed",
        "retry_scheduled",
        "approval_requested",
        "signal_received",
        "report_late",
        "step_completed",
        "step_failed",
        "execution_paused",
        "execution_resumed",
        "execution_cancelled",
        "execution_complete",
    ];
    for name in expect {
        assert!(told.contains(name), "no {name}: {told:?}");
    }
    for code in ["told", "worker_lost", "approval_timeout", "wait_timeout", "execution_timeout"] {
        assert!(ends.contains(code), "no end by {code}: {ends:?}");
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_execution_ends_once_and_says_so_last(plan in plans(), order in orders(), faults in faults()) {
        let history = run(&plan, &order, faults);
        prop_assert_eq!(history.end.phase(), Phase::Completed, "{}", plan.source());
        prop_assert!(history.end.open_tasks().next().is_none());
        let is_end = |(event, _): &(Event, Timestamp)| matches!(event, Event::ExecutionComplete(_));
        prop_assert_eq!(history.log.iter().filter(|entry| is_end(entry)).count(), 1);
        prop_assert!(history.log.last().is_some_and(is_end));
        let was_cancelled = history.log.iter().any(|(event, _)| matches!(event, Event::ExecutionCancelled(_)));
        prop_assert_eq!(was_cancelled, history.end.outcome() == Some(Outcome::Cancelled));
    }

    #[test]
    fn no_visit_starts_or_ends_twice(plan in plans(), order in orders(), faults in faults()) {
        let history = run(&plan, &order, faults);
        let (mut started, mut ended) = (HashSet::new(), HashSet::new());
        let (mut actions, mut over) = (HashSet::new(), HashSet::new());
        for (event, _) in &history.log {
            match event {
                Event::StepStarted(e) => prop_assert!(started.insert((e.step.clone(), e.visit)), "{:?} twice", e),
                Event::StepCompleted(e) => {
                    prop_assert!(started.contains(&(e.step.clone(), e.visit)));
                    prop_assert!(ended.insert((e.step.clone(), e.visit)), "{:?} twice", e);
                }
                Event::StepFailed(e) => prop_assert!(ended.insert((e.step.clone(), e.visit)), "{:?} twice", e),
                Event::ActionStarted(e) => prop_assert!(actions.insert((e.step.clone(), e.visit, e.attempt, e.part, e.item)), "{:?} twice", e),
                Event::ApprovalRequested(e) => prop_assert!(actions.insert((e.step.clone(), e.visit, 1, TaskPart::Action, None)), "{:?} twice", e),
                Event::ActionCompleted(e) => {
                    prop_assert!(actions.contains(&(e.step.clone(), e.visit, e.attempt, e.part, e.item)));
                    prop_assert!(over.insert((e.step.clone(), e.visit, e.attempt, e.part, e.item)), "{:?} twice", e);
                }
                Event::ActionFailed(e) => {
                    prop_assert!(actions.contains(&(e.step.clone(), e.visit, e.attempt, e.part, e.item)));
                    prop_assert!(over.insert((e.step.clone(), e.visit, e.attempt, e.part, e.item)), "{:?} twice", e);
                }
                _ => {}
            }
        }
        if history.end.outcome() == Some(Outcome::Completed) {
            prop_assert!(started.iter().all(|visit| ended.contains(visit)), "completed with a visit under way");
        }
    }

    #[test]
    fn nothing_begins_while_it_is_paused(plan in plans(), order in orders()) {
        let history = run(&plan, &order, Faults { losses: true, pauses: true, cancel_at: None });
        let mut is_paused = false;
        for (event, _) in &history.log {
            match event {
                Event::ExecutionPaused(_) => is_paused = true,
                Event::ExecutionResumed(_) | Event::ExecutionComplete(_) => is_paused = false,
                // What an item puts into the log is the end of what ran.
                Event::ActionStarted(event) if event.part == TaskPart::Save && event.worker == "engine" => {}
                Event::StepStarted(_) | Event::ActionStarted(_) => prop_assert!(!is_paused, "{:?} {}", event, plan.source()),
                _ => {}
            }
        }
    }

    #[test]
    fn replay_equals_live_and_resuming_anywhere_reaches_the_same_end(
        plan in plans(),
        order in orders(),
        faults in faults(),
        cut in any::<prop::sample::Index>(),
    ) {
        let history = run(&plan, &order, faults);
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
        let mut execution = folded(&history, at + 1);
        let mut log = history.log[..committed(&history, at + 1)].to_vec();
        let is_repeatable = !matches!(
            history.inputs[at].0, Input::Signal { .. } | Input::Pause { .. } | Input::Resume { .. }
        );
        for (input, now, _) in &history.inputs[at + usize::from(!is_repeatable)..] {
            let decision = evaluate(&playbook, &execution, input.clone(), *now);
            log.extend(decision.events.into_iter().map(|event| (event, *now)));
            execution = decision.next;
        }
        prop_assert_eq!(log, history.log);
    }

    #[test]
    fn whatever_comes_after_a_crash_it_ends(
        plan in plans(),
        order in orders(),
        other in orders(),
        faults in faults(),
        cut in any::<prop::sample::Index>(),
    ) {
        let history = run(&plan, &order, faults);
        let at = cut.index(history.inputs.len());
        let execution = folded(&history, at + 1);
        let end = go_on(&plan, &other, execution, &history.log[..committed(&history, at + 1)]).end;
        prop_assert_eq!(end.phase(), Phase::Completed);
    }

    #[test]
    fn without_loops_and_failures_the_order_of_things_decides_nothing(
        plan in plans().prop_map(Plan::tame),
        one in orders(),
        other in orders(),
        losses in any::<bool>(),
        pauses in any::<bool>(),
    ) {
        let (one, other) =
            (run(&plan, &one, Faults::default()), run(&plan, &other, Faults { losses, pauses, cancel_at: None }));
        prop_assert_eq!(one.end.outcome(), Some(Outcome::Completed), "{:?} {}", one.end.error(), plan.source());
        prop_assert_eq!(other.end.outcome(), Some(Outcome::Completed), "{:?} {}", other.end.error(), plan.source());
        let (mut first, mut second) = (visits(&one), visits(&other));
        prop_assert!(first.iter().all(|(_, visit)| *visit == 1), "a join ran twice: {:?} {}", first, plan.source());
        first.sort();
        second.sort();
        prop_assert_eq!(first, second, "{}", plan.source());
    }

    #[test]
    fn a_rerun_does_what_is_left_and_nothing_twice(
        plan in plans().prop_map(Plan::tame),
        order in orders(),
        other in orders(),
        cancel_at in 0_usize..30,
    ) {
        let whole = run(&plan, &order, Faults::default());
        let stopped = run(&plan, &other, Faults { cancel_at: Some(cancel_at), ..Faults::default() });
        if stopped.end.outcome() != Some(Outcome::Cancelled) {
            return Ok(());
        }
        let playbook = scenario::parse(&plan.source());
        let events = stopped.log.iter().map(|(event, _)| event);
        let reuse = reuse_from(&playbook, id(), events, None).unwrap();
        let results = reuse.results.clone();
        let again = rerun(&plan, &order, reuse);
        prop_assert_eq!(again.end.outcome(), Some(Outcome::Completed), "{:?} {}", again.end.error(), plan.source());
        let (mut first, mut second) = (visits(&whole), visits(&again));
        first.sort();
        second.sort();
        prop_assert_eq!(first, second, "{}", plan.source());
        for (event, _) in &again.log {
            match event {
                Event::StepStarted(e) => prop_assert!(!results.contains_key(&(e.step.clone(), e.visit)), "{} was done twice", e.step),
                Event::StepReused(e) => prop_assert_eq!(&results[&(e.step.clone(), e.visit)].result, &e.result),
                _ => {}
            }
        }
    }

    #[test]
    fn cancel_stops_at_any_moment_what_does_not_clean_up(
        plan in plans(),
        order in orders(),
        cut in any::<prop::sample::Index>(),
        forced in any::<bool>(),
    ) {
        let history = run(&plan, &order, Faults { losses: true, pauses: true, cancel_at: None });
        let at = cut.index(history.inputs.len());
        let execution = folded(&history, at + 1);
        let playbook = scenario::parse(&plan.source());
        let open: BTreeSet<TaskKey> = execution.open_tasks().collect();
        let was_over = execution.phase() == Phase::Completed;
        let (reason, by) = ("r".to_owned(), "b".to_owned());
        let input = if forced { Input::Terminate { reason, by } } else { Input::Cancel { reason, by } };
        let decision = evaluate(&playbook, &execution, input, history.inputs[at].1);
        if was_over {
            prop_assert!(decision.events.is_empty());
            return Ok(());
        }
        prop_assert_eq!(decision.settled.into_iter().collect::<BTreeSet<_>>(), open);
        if forced {
            prop_assert_eq!(decision.next.outcome(), Some(Outcome::Cancelled));
            prop_assert!(decision.tasks.is_empty());
        } else if decision.next.phase() != Phase::Completed {
            let cleans = decision.events.iter().any(|event| matches!(event, Event::StepFailed(e) if e.error.code == "cancelled"));
            prop_assert!(cleans && decision.next.is_cancelling());
        }
    }
}
