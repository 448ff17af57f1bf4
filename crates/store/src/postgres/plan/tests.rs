use super::*;
use crate::{
    Commit, TaskChange,
    sql::{beside::Beside, sample},
};
use protocol::{Outcome, Task, TaskKey, TaskPart, Timestamp, task::Credentials};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

fn entry(commit: Commit) -> Entry {
    Entry::of(commit).expect("the sample is in order")
}

fn plain(id: u128, execution: u128, expected: u64, events: u64) -> Entry {
    entry(sample::commit(id, execution, expected, events, None))
}

fn with_tasks(id: u128, execution: u128, expected: u64, tasks: Vec<TaskChange>) -> Entry {
    let mut commit = sample::commit(id, execution, expected, u64::from(execution > 0), None);
    commit.tasks = tasks;
    entry(commit)
}

fn key(step: &str) -> TaskKey {
    let execution_id = ExecutionId(Uuid::from_u128(1));
    TaskKey { execution_id, step: step.into(), visit: 1, attempt: 1, part: TaskPart::Action, item: None }
}

fn add(step: &str) -> TaskChange {
    let task = Task {
        key: key(step),
        protocol: "noop".into(),
        config: json!({}).into(),
        input: json!({}).into(),
        timeout_ms: 1,
        heartbeat_ms: None,
        priority: 0,
        credentials: Credentials::default(),
    };
    TaskChange::Add { task: Arc::new(task), due: Timestamp(0), claimed_by: None }
}

fn claim(step: &str, worker: &str) -> TaskChange {
    TaskChange::Claim { key: key(step), worker: worker.into() }
}

fn settle(step: &str) -> TaskChange {
    TaskChange::Settle { key: key(step) }
}

fn plan<'g>(entries: &'g [Entry], recent: &Recent) -> Plan<'g> {
    Plan::of(entries.iter(), recent, &Known::new(), &HashMap::new())
}

/// The head is 10; `lost` are units, with what was found.
fn check(entries: &[Entry], recent: &Recent, lost: &[(usize, u64, Option<&str>)], fates: &[Fate]) {
    let lost = lost.iter().map(|(unit, version, state)| (*unit, (*version, state.map(str::to_owned))));
    assert_eq!(plan(entries, recent).fates(&Found { head: 10, lost: lost.collect() }), fates);
}

fn applied(first: u64) -> Fate {
    Fate::Applied { first: Position(first) }
}

#[test]
fn losers_leave_no_gap_between_the_others() {
    let entries = [plain(1, 1, 4, 2), plain(2, 2, 4, 2), plain(3, 0, 0, 3)];
    let none = Recent::default();
    check(&entries, &none, &[], &[applied(11), applied(13), applied(15)]);
    check(&entries, &none, &[(1, 5, Some("in_progress"))], &[applied(11), Fate::Conflict { found: 5 }, applied(13)]);
}

#[test]
fn commits_of_one_execution_that_follow_each_other_are_one_unit() {
    let entries = [
        plain(1, 1, 0, 2),
        plain(2, 2, 4, 1),
        plain(3, 1, 2, 4),
        plain(4, 1, 2, 4),
        entry(sample::commit(5, 1, 6, 1, Some(Outcome::Failed))),
    ];
    let none = Recent::default();
    let made = plan(&entries, &none);
    assert_eq!(made.units.iter().map(|unit| unit.events).collect::<Vec<_>>(), [7, 1]);
    let moving = made.units[0].execution.as_ref().expect("an execution");
    assert_eq!((moving.expected, moving.version, moving.newest.state, moving.ends), (0, 7, "failed", true));
    check(&entries, &none, &[], &[applied(11), applied(18), applied(13), Fate::Conflict { found: 6 }, applied(17)]);
    // Lost: what would fit the version found has its turn in the next group.
    let conflict = Fate::Conflict { found: 2 };
    check(
        &entries,
        &none,
        &[(0, 2, Some("initial"))],
        &[conflict, applied(11), Fate::Again, Fate::Again, Fate::Conflict { found: 2 }],
    );
}

#[test]
fn a_state_guessed_wrong_is_learned_and_tried_again() {
    let entries = [entry(sample::commit(1, 1, 4, 1, Some(Outcome::Cancelled)))];
    let none = Recent::default();
    let first = plan(&entries, &none);
    assert_eq!(first.units[0].execution.as_ref().and_then(|moving| moving.before.as_deref()), Some("in_progress"));
    let found = Found { head: 10, lost: HashMap::from([(0, (4, Some("initial".to_owned())))]) };
    assert_eq!(first.fates(&found), [Fate::Again]);
    let second = Plan::of(entries.iter(), &none, &first.learned(&found), &HashMap::new());
    assert_eq!(second.units[0].execution.as_ref().and_then(|moving| moving.before.as_deref()), Some("initial"));
}

#[test]
fn repetitions_write_nothing() {
    let answer = Answer { first: Position(7), has_events: true };
    let mut recent = Recent::default();
    recent.insert(CommitId(Uuid::from_u128(9)), answer);
    let entries = [plain(9, 1, 4, 1), plain(1, 1, 5, 1), plain(1, 1, 5, 1)];
    check(&entries, &recent, &[], &[Fate::Duplicate(answer), applied(11), Fate::Same(1)]);
    assert!(plan(&entries[..1], &recent).is_empty());
}

#[test]
fn what_one_execution_does_to_a_task_in_one_group_comes_to_one_change() {
    let none = Recent::default();
    let rows = |entries: &[Entry]| {
        let made = plan(entries, &none);
        let adds: Vec<_> =
            made.adds.iter().map(|add| (add.row.task.key.clone(), add.row.claimed_by.is_some())).collect();
        let claims: Vec<_> = made.claims.iter().map(|claim| claim.row.worker.clone()).collect();
        let settles = made.settles.len();
        (adds, claims, settles, made.places.iter().filter(|place| matches!(place, Place::Left)).count())
    };
    let word = |step| key(step).to_string();
    for (first, second, expected) in [
        (vec![add("a")], vec![settle("b"), add("c")], (vec![(word("a"), false), (word("c"), false)], vec![], 1, 0)),
        (vec![add("a")], vec![claim("a", "w")], (vec![(word("a"), true)], vec![], 0, 0)),
        (vec![add("a")], vec![settle("a")], (vec![], vec![], 1, 0)),
        (vec![claim("a", "v")], vec![claim("a", "w")], (vec![], vec!["w".to_owned()], 0, 0)),
        (vec![claim("a", "v")], vec![settle("a")], (vec![], vec![], 1, 0)),
        (vec![settle("a")], vec![claim("a", "v"), settle("a")], (vec![], vec![], 1, 0)),
        // Deleting and inserting the same key takes two statements.
        (vec![settle("a")], vec![add("a")], (vec![], vec![], 1, 1)),
    ] {
        let entries = [with_tasks(1, 1, 4, first), with_tasks(2, 1, 5, second)];
        assert_eq!(rows(&entries), expected);
    }
}

#[test]
fn a_task_named_by_two_units_ends_the_group() {
    let entries = [
        with_tasks(1, 0, 0, vec![add("a")]),
        with_tasks(2, 0, 0, vec![settle("b")]),
        with_tasks(3, 1, 4, vec![settle("a")]),
        // It may build on the one before.
        with_tasks(4, 1, 5, vec![]),
    ];
    let recent = Recent::default();
    check(&entries, &recent, &[], &[applied(10), applied(10), Fate::Again, Fate::Again]);
    assert_eq!(plan(&entries, &recent).units.len(), 2);
}

#[test]
fn a_key_belongs_to_one_execution() {
    let submission = |id: u128, execution: u128| {
        let mut entry = plain(id, execution, 0, 1);
        entry.beside = Some(Box::new(Beside { submission: Some("order 7".to_owned()), ..Beside::default() }));
        entry
    };
    let entries = [submission(1, 1), submission(2, 2), plain(3, 3, 4, 1)];
    let none = Recent::default();
    // Whether the first goes through is not known before the database has answered.
    check(&entries, &none, &[], &[applied(11), Fate::Again, Fate::Again]);
    let one = ExecutionId(Uuid::from_u128(1));
    let taken = HashMap::from([("order 7".to_owned(), one)]);
    let next = Plan::of(entries[1..].iter(), &none, &Known::new(), &taken);
    let found = Found { head: 11, lost: HashMap::new() };
    assert_eq!(next.fates(&found), [Fate::Taken { by: one }, applied(12)]);
    let again = Plan::of(entries[..1].iter(), &none, &Known::new(), &taken);
    let found = Found { head: 12, lost: HashMap::from([(0, (1, Some("in_progress".to_owned())))]) };
    assert_eq!(again.fates(&found), [Fate::Conflict { found: 1 }], "its own key is no obstacle");
}
