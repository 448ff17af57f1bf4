//! What becomes of each commit of a group, and what is written: decided from what is found. Pure; the writer does
//! the rest.

use super::rows::BoundRows;
use crate::sql::{
    backend::Fate,
    encode::{self, Change},
    recent::Recent,
};
use protocol::{CommitId, ExecutionId, Position};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

/// A commit with its rows.
pub(super) type Entry = encode::Entry<BoundRows>;

/// An execution as the group finds it; `state` is `None` when it does not exist.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) version: u64,
    pub(super) state: Option<String>,
}

/// What is written, and what becomes of each commit.
#[derive(Default)]
pub(super) struct Plan<'a> {
    pub(super) fates: Vec<Fate>,
    /// The newest position before the group.
    pub(super) head: u64,
    pub(super) event_count: u64,
    /// The commits that go through, in the order of their events.
    pub(super) applied: Vec<&'a Entry>,
    /// Each once, as the last of its commits leaves it.
    pub(super) executions: Vec<Moved<'a>>,
    /// By how much the number of a path's executions in a state changes.
    pub(super) counts: Vec<(Arc<str>, String, i64)>,
}

/// An execution's row, changed.
pub(super) struct Moved<'a> {
    pub(super) entry: &'a Entry,
    pub(super) change: &'a Change,
    /// `None`: it is new.
    pub(super) before: Option<Before>,
    /// Its state, end or error changes.
    pub(super) changes: bool,
    /// Of its newest event in this group; 0 if there was none.
    pub(super) position: u64,
}

/// What an execution's row holds when the group begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Before {
    pub(super) version: u64,
    pub(super) state: String,
}

/// What the group expects to find: each execution once, with the version and the state it is in if nothing stands in
/// the way of its first commit.
pub(super) fn expectations<'a>(entries: impl Iterator<Item = &'a Entry>, recent: &Recent) -> Vec<&'a Change> {
    let mut asked = HashSet::new();
    entries
        .filter(|entry| recent.get(entry.id).is_none())
        .filter_map(|entry| entry.change.as_ref())
        .filter(|change| asked.insert(change.execution_id))
        .collect()
}

/// Decides about each commit, in order. `surprises` holds the executions that are not as [`expectations`] said,
/// `taken` whose the keys of submissions are.
pub(super) fn plan<'a>(
    entries: impl Iterator<Item = &'a Entry>,
    recent: &Recent,
    head: u64,
    surprises: &HashMap<ExecutionId, Found>,
    mut taken: HashMap<String, ExecutionId>,
) -> Plan<'a> {
    let mut plan = Plan { head, ..Plan::default() };
    let mut seen: foldhash::HashMap<CommitId, usize> = foldhash::HashMap::default();
    let mut executions: BTreeMap<ExecutionId, Moving<'a>> = BTreeMap::new();
    for (index, entry) in entries.enumerate() {
        let fate = if let Some(answer) = recent.get(entry.id) {
            Fate::Duplicate(answer)
        } else if let Some(&earlier) = seen.get(&entry.id) {
            Fate::Same(earlier)
        } else if let Some(by) = entry.taken_by_another(&taken) {
            Fate::Taken { by }
        } else if let Some(found) = conflict(entry, &mut executions, surprises) {
            Fate::Conflict { found }
        } else {
            seen.insert(entry.id, index);
            if let (Some(key), Some(change)) = (entry.submission(), &entry.change) {
                taken.insert(key.to_owned(), change.execution_id);
            }
            plan.apply(entry, &mut executions)
        };
        plan.fates.push(fate);
    }
    plan.settle(executions);
    plan
}

/// An execution on its way through the group.
struct Moving<'a> {
    version: u64,
    before: Option<Before>,
    /// The newest commit applied.
    newest: Option<(&'a Entry, &'a Change)>,
    ends: bool,
    /// Of its newest event in this group; 0 if there was none.
    position: u64,
}

/// The version found, when it is not the one expected.
fn conflict<'a>(
    entry: &'a Entry,
    executions: &mut BTreeMap<ExecutionId, Moving<'a>>,
    surprises: &HashMap<ExecutionId, Found>,
) -> Option<u64> {
    let change = entry.change.as_ref()?;
    let moving = executions.entry(change.execution_id).or_insert_with(|| {
        let (version, state) = match surprises.get(&change.execution_id) {
            Some(found) => (found.version, found.state.clone()),
            None => (change.expected, (change.expected > 0).then(|| change.before.to_owned())),
        };
        let before = state.map(|state| Before { version, state });
        Moving { version, before, newest: None, ends: false, position: 0 }
    });
    (moving.version != change.expected).then_some(moving.version)
}

impl<'a> Plan<'a> {
    /// Whether anything is written.
    pub(super) fn is_empty(&self) -> bool {
        self.applied.is_empty()
    }

    fn apply(&mut self, entry: &'a Entry, executions: &mut BTreeMap<ExecutionId, Moving<'a>>) -> Fate {
        let count = entry.envelopes.len() as u64;
        let before = self.head + self.event_count;
        self.event_count += count;
        if let Some(change) = &entry.change
            && let Some(moving) = executions.get_mut(&change.execution_id)
        {
            moving.version += count;
            moving.newest = Some((entry, change));
            moving.ends |= change.ends;
            if count > 0 {
                moving.position = before + count;
            }
        }
        self.applied.push(entry);
        Fate::Applied { first: Position(if count > 0 { before + 1 } else { before }) }
    }

    fn settle(&mut self, executions: BTreeMap<ExecutionId, Moving<'a>>) {
        let mut differences: BTreeMap<(Arc<str>, String), i64> = BTreeMap::new();
        for Moving { before, newest, ends, position, .. } in executions.into_values() {
            let Some((entry, change)) = newest else { continue };
            let stays = before.as_ref().is_some_and(|before| before.state == change.state);
            if !stays {
                if let Some(before) = &before {
                    *differences.entry((change.path.clone(), before.state.clone())).or_default() -= 1;
                }
                *differences.entry((change.path.clone(), change.state.to_owned())).or_default() += 1;
            }
            self.executions.push(Moved { entry, change, before, changes: ends || !stays, position });
        }
        let differences = differences.into_iter().filter(|(_, difference)| *difference != 0);
        self.counts = differences.map(|((path, state), difference)| (path, state, difference)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::recent::Answer;
    use crate::sql::sample;
    use protocol::{CommitId, ExecutionId, Outcome, Position};
    use uuid::Uuid;

    fn entry(id: u128, execution: u128, expected: u64, events: u64, end: Option<Outcome>) -> Entry {
        Entry::of(sample::commit(id, execution, expected, events, end)).expect("the sample is in order")
    }

    fn check<'a>(
        entries: &'a [Entry],
        recent: &Recent,
        found: &[(u128, u64, Option<&str>)],
        fates: &[Fate],
    ) -> Plan<'a> {
        let surprises = found.iter().map(|(id, version, state)| {
            (ExecutionId(Uuid::from_u128(*id)), Found { version: *version, state: state.map(Into::into) })
        });
        let plan = plan(entries.iter(), recent, 10, &surprises.collect(), HashMap::new());
        assert_eq!(plan.fates, fates);
        plan
    }

    /// Of each execution written: whether it is new, whether more than its position changes, and the position.
    fn moved(plan: &Plan<'_>) -> Vec<(bool, bool, u64)> {
        plan.executions.iter().map(|moved| (moved.before.is_none(), moved.changes, moved.position)).collect()
    }

    fn applied(first: u64) -> Fate {
        Fate::Applied { first: Position(first) }
    }

    #[test]
    fn losers_leave_no_gap_between_the_others() {
        let entries = [entry(1, 1, 4, 2, None), entry(2, 2, 4, 2, None), entry(3, 0, 0, 3, None)];
        let plan = check(
            &entries,
            &Recent::default(),
            &[(2, 5, Some("in_progress"))],
            &[applied(11), Fate::Conflict { found: 5 }, applied(13)],
        );
        assert_eq!((plan.event_count, moved(&plan)), (5, vec![(false, false, 12)]));
        assert_eq!(plan.counts, [], "no state changed");
    }

    #[test]
    fn one_execution_moves_through_the_group_and_is_written_once() {
        let end = Some(Outcome::Failed);
        let entries =
            [entry(1, 1, 0, 2, None), entry(2, 1, 2, 4, None), entry(3, 1, 2, 4, None), entry(4, 1, 6, 1, end)];
        let plan = check(
            &entries,
            &Recent::default(),
            &[],
            &[applied(11), applied(13), Fate::Conflict { found: 6 }, applied(17)],
        );
        assert_eq!(moved(&plan), [(true, true, 17)]);
        let (row, change) = (plan.executions[0].entry.rows.execution.as_ref().unwrap(), plan.executions[0].change);
        assert_eq!((row.version, change.state), (7, "failed"));
        assert_eq!(plan.counts, [("p".into(), "failed".into(), 1)]);
    }

    #[test]
    fn a_later_commit_may_fit_where_an_earlier_one_did_not() {
        let entries = [entry(1, 1, 4, 1, None), entry(2, 1, 8, 1, None)];
        check(
            &entries,
            &Recent::default(),
            &[(1, 8, Some("in_progress"))],
            &[Fate::Conflict { found: 8 }, applied(11)],
        );
    }

    #[test]
    fn an_end_is_taken_to_be_that_of_an_execution_in_progress() {
        let entries = [entry(1, 1, 4, 1, Some(Outcome::Completed))];
        let plan = check(&entries, &Recent::default(), &[], &[applied(11)]);
        let before = Before { version: 4, state: "in_progress".to_owned() };
        assert_eq!((moved(&plan), &plan.executions[0].before), (vec![(false, true, 11)], &Some(before)));
        assert_eq!(plan.counts, [("p".into(), "completed".into(), 1), ("p".into(), "in_progress".into(), -1)]);
    }

    #[test]
    fn an_end_moves_the_count_from_the_state_found() {
        let entries = [entry(1, 1, 4, 1, Some(Outcome::Completed))];
        let plan = check(&entries, &Recent::default(), &[(1, 4, Some("initial"))], &[applied(11)]);
        assert_eq!(moved(&plan), [(false, true, 11)]);
        assert_eq!(plan.counts, [("p".into(), "completed".into(), 1), ("p".into(), "initial".into(), -1)]);
    }

    #[test]
    fn repetitions_in_the_group_and_from_before_write_nothing() {
        let answer = Answer { first: Position(7), has_events: true };
        let mut recent = Recent::default();
        recent.insert(CommitId(Uuid::from_u128(9)), answer);
        let entries = [entry(9, 1, 4, 1, None), entry(1, 1, 5, 1, None), entry(1, 1, 5, 1, None)];
        let expected: Vec<_> =
            expectations(entries.iter(), &recent).into_iter().map(|change| change.expected).collect();
        assert_eq!(expected, [5]);
        let plan = check(&entries, &recent, &[], &[Fate::Duplicate(answer), applied(11), Fate::Same(1)]);
        assert_eq!(plan.event_count, 1);
        let plan = check(&entries[..1], &recent, &[], &[Fate::Duplicate(answer)]);
        assert!(plan.is_empty());
    }
}
