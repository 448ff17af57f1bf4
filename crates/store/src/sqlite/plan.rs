//! What becomes of each commit of a group, and what is written: decided from what the first script found.
//! Pure; the writer does the rest.

use super::rows::JsonRows;
use crate::sql::{backend::Fate, encode, recent::Recent};
use protocol::{CommitId, ExecutionId, Position};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// A commit with its rows.
type Entry = encode::Entry<JsonRows>;

/// An execution as the group finds it; `state` is `None` when it does not exist.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) version: u64,
    pub(super) state: Option<String>,
}

/// The second script's parameters: JSON rows (see [`closed`]), and how many.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) fates: Vec<Fate>,
    /// The newest position before the group.
    pub(super) head: u64,
    pub(super) events: String,
    pub(super) event_count: u64,
    /// New executions, and those in the state they were in.
    pub(super) moved: String,
    pub(super) moved_count: i64,
    /// Executions whose state, end or error changes.
    pub(super) changed: String,
    pub(super) changed_count: i64,
    pub(super) data: String,
    /// `[path, state, difference]`
    pub(super) counts: String,
    pub(super) adds: String,
    pub(super) claims: String,
    pub(super) settles: String,
}

/// The executions to ask for, as JSON rows `[execution_id, version, state]`: each once, with the version and the
/// state it is expected to be in if nothing stands in the way of its first commit.
pub(super) fn expectations<'a>(entries: impl Iterator<Item = &'a Entry>, recent: &Recent) -> String {
    let mut asked = HashMap::new();
    let mut rows = String::new();
    for entry in entries {
        let Some(change) = &entry.change else { continue };
        if recent.get(entry.id).is_some() || asked.insert(change.execution_id, ()).is_some() {
            continue;
        }
        let row = (change.execution_id, change.expected, change.state);
        append(&mut rows, &serde_json::to_string(&row).expect("ids and numbers are JSON"));
    }
    closed(&mut rows)
}

/// Decides about each commit, in order. `surprises` holds the executions that are not as [`expectations`] said,
/// `taken` whose the keys of submissions are.
pub(super) fn plan<'a>(
    entries: impl Iterator<Item = &'a Entry>,
    recent: &Recent,
    head: u64,
    surprises: &HashMap<ExecutionId, Found>,
    mut taken: HashMap<String, ExecutionId>,
) -> Plan {
    let mut plan = Plan { head, ..Plan::default() };
    let mut seen: HashMap<CommitId, usize> = HashMap::new();
    let mut executions: BTreeMap<ExecutionId, Moving<'a>> = BTreeMap::new();
    for (index, entry) in entries.enumerate() {
        let fate = if let Some(answer) = recent.get(entry.id) {
            Fate::Duplicate(answer)
        } else if let Some(&earlier) = seen.get(&entry.id) {
            Fate::Same(earlier)
        } else if let Some(by) = entry.taken_by_another(&taken) {
            Fate::Taken { by }
        } else if let Some(found) = plan.conflict(entry, &mut executions, surprises) {
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
    plan.write_executions(executions);
    plan
}

/// An execution on its way through the group.
struct Moving<'a> {
    version: u64,
    state_before: Option<String>,
    /// Row, state and path of the newest commit applied; the row lacks the position.
    newest: Option<(&'a str, &'static str, Arc<str>)>,
    ends: bool,
    /// Of its newest event in this group; 0 if there was none.
    position: u64,
}

impl Plan {
    /// Whether anything is written.
    pub(super) fn is_empty(&self) -> bool {
        !self.fates.iter().any(|fate| matches!(fate, Fate::Applied { .. }))
    }

    /// The version found, when it is not the one expected.
    fn conflict<'a>(
        &self,
        entry: &'a Entry,
        executions: &mut BTreeMap<ExecutionId, Moving<'a>>,
        surprises: &HashMap<ExecutionId, Found>,
    ) -> Option<u64> {
        let change = entry.change.as_ref()?;
        let moving = executions.entry(change.execution_id).or_insert_with(|| {
            let (version, state_before) = match surprises.get(&change.execution_id) {
                Some(found) => (found.version, found.state.clone()),
                None => (change.expected, (change.expected > 0).then(|| change.state.to_owned())),
            };
            Moving { version, state_before, newest: None, ends: false, position: 0 }
        });
        (moving.version != change.expected).then_some(moving.version)
    }

    fn apply<'a>(&mut self, entry: &'a Entry, executions: &mut BTreeMap<ExecutionId, Moving<'a>>) -> Fate {
        let count = entry.envelopes.len() as u64;
        let before = self.head + self.event_count;
        self.event_count += count;
        if let Some(change) = &entry.change
            && let Some(moving) = executions.get_mut(&change.execution_id)
        {
            moving.version += count;
            moving.newest = Some((&entry.rows.execution, change.state, change.path.clone()));
            moving.ends |= change.ends;
            if count > 0 {
                moving.position = before + count;
            }
            append(&mut self.data, &entry.rows.data);
        }
        append(&mut self.events, &entry.rows.events);
        append(&mut self.adds, &entry.rows.adds);
        append(&mut self.claims, &entry.rows.claims);
        append(&mut self.settles, &entry.rows.settles);
        Fate::Applied { first: Position(if count > 0 { before + 1 } else { before }) }
    }

    fn write_executions(&mut self, executions: BTreeMap<ExecutionId, Moving<'_>>) {
        let mut differences: BTreeMap<(Arc<str>, String), i64> = BTreeMap::new();
        for moving in executions.into_values() {
            let Some((row, state, path)) = moving.newest else { continue };
            let row = format!("[{row},{}]", moving.position);
            let stays = moving.state_before.as_deref() == Some(state);
            if moving.state_before.is_none() || (stays && !moving.ends) {
                append(&mut self.moved, &row);
                self.moved_count += 1;
            } else {
                append(&mut self.changed, &row);
                self.changed_count += 1;
            }
            if !stays {
                if let Some(before) = moving.state_before {
                    *differences.entry((path.clone(), before)).or_default() -= 1;
                }
                *differences.entry((path, state.to_owned())).or_default() += 1;
            }
        }
        for ((path, state), difference) in differences {
            if difference != 0 {
                let row = (path, state, difference);
                append(&mut self.counts, &serde_json::to_string(&row).expect("strings and numbers are JSON"));
            }
        }
    }
}

/// Rows so far open an array; [`closed`] ends it.
fn append(rows: &mut String, row: &str) {
    if !row.is_empty() {
        rows.push(if rows.is_empty() { '[' } else { ',' });
        rows.push_str(row);
    }
}

/// The rows as JSON; taken out.
pub(super) fn closed(rows: &mut String) -> String {
    let mut rows = std::mem::take(rows);
    rows.push_str(if rows.is_empty() { "[]" } else { "]" });
    rows
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

    fn check(entries: &[Entry], recent: &Recent, found: &[(u128, u64, Option<&str>)], fates: &[Fate]) -> Plan {
        let surprises = found.iter().map(|(id, version, state)| {
            (ExecutionId(Uuid::from_u128(*id)), Found { version: *version, state: state.map(Into::into) })
        });
        let plan = plan(entries.iter(), recent, 10, &surprises.collect(), HashMap::new());
        assert_eq!(plan.fates, fates);
        plan
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
        assert_eq!((plan.event_count, plan.moved_count, plan.changed_count), (5, 1, 0));
        assert_eq!(plan.counts, "", "no state changed");
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
        assert_eq!((plan.moved_count, plan.changed_count), (1, 0), "a new row has nothing to change");
        assert!(plan.moved.contains(",7,\"p\",1,\"failed\"") && plan.moved.ends_with(",17]"), "{}", plan.moved);
        assert_eq!(plan.counts, "[[\"p\",\"failed\",1]");
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
    fn an_end_moves_the_count_from_the_state_found() {
        let entries = [entry(1, 1, 4, 1, Some(Outcome::Completed))];
        let plan = check(&entries, &Recent::default(), &[(1, 4, Some("initial"))], &[applied(11)]);
        assert_eq!((plan.moved_count, plan.changed_count), (0, 1));
        assert_eq!(plan.counts, "[[\"p\",\"completed\",1],[\"p\",\"initial\",-1]");
    }

    #[test]
    fn repetitions_in_the_group_and_from_before_write_nothing() {
        let answer = Answer { first: Position(7), has_events: true };
        let mut recent = Recent::default();
        recent.insert(CommitId(Uuid::from_u128(9)), answer);
        let entries = [entry(9, 1, 4, 1, None), entry(1, 1, 5, 1, None), entry(1, 1, 5, 1, None)];
        assert!(expectations(entries.iter(), &recent).contains("000000000001\",5,"));
        let plan = check(&entries, &recent, &[], &[Fate::Duplicate(answer), applied(11), Fate::Same(1)]);
        assert_eq!(plan.event_count, 1);
        let plan = check(&entries[..1], &recent, &[], &[Fate::Duplicate(answer)]);
        assert!(plan.is_empty());
    }
}
