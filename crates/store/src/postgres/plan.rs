//! A group as the statement takes it, and what becomes of its commits when the database has answered. Pure.
//!
//! The statement sees units: the commits of one execution that follow each other, or one commit of none. A unit goes
//! through whole or not at all. What does not fit into units is left for the next group.

use super::columns::{AddedTask, ClaimedTask, Columns, EventRecord, ExecutionRecord};
use crate::sql::{
    backend::Fate,
    encode,
    recent::{Answer, Recent},
};
use protocol::{CommitId, ExecutionId, Position};
use std::collections::{HashMap, HashSet};

/// A commit with its rows.
type Entry = encode::Entry<Columns>;

/// States of executions that are not as a plan would guess.
pub(super) type Known = HashMap<ExecutionId, String>;

#[derive(Default)]
pub(super) struct Plan<'g> {
    pub(super) units: Vec<Unit<'g>>,
    pub(super) events: Vec<Of<&'g EventRecord>>,
    pub(super) adds: Vec<Of<Adding<'g>>>,
    pub(super) claims: Vec<Of<&'g ClaimedTask>>,
    pub(super) settles: Vec<Of<&'g str>>,
    places: Vec<Place>,
}

/// A row and the number of its unit, from 1 as SQL counts.
pub(super) struct Of<T> {
    pub(super) unit: i64,
    pub(super) row: T,
}

pub(super) struct Unit<'g> {
    pub(super) execution: Option<Moving<'g>>,
    pub(super) events: u64,
}

/// An execution on its way through the group.
pub(super) struct Moving<'g> {
    pub(super) id: ExecutionId,
    /// The version its first commit expects, and the state it is expected to be in (`None`: it does not exist).
    pub(super) expected: u64,
    pub(super) before: Option<String>,
    /// After its last commit.
    pub(super) version: u64,
    pub(super) newest: &'g ExecutionRecord,
    /// The last one named.
    pub(super) owner: Option<&'g str>,
    pub(super) input: Option<&'g str>,
    pub(super) result: Option<&'g str>,
    /// End and error are written too.
    pub(super) ends: bool,
}

pub(super) struct Adding<'g> {
    pub(super) task: &'g AddedTask,
    pub(super) claimed_by: Option<&'g str>,
}

/// Where a commit of the group stands.
enum Place {
    Known(Answer),
    Same(usize),
    /// Its submission's key is that execution's.
    Taken(ExecutionId),
    Left,
    In {
        unit: usize,
        /// Events of the unit before it.
        before: u64,
        has_events: bool,
        expected: u64,
    },
    /// Contradicts the unit of its execution, which will be at `version`.
    Against {
        unit: usize,
        expected: u64,
        version: u64,
    },
}

/// What the database found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    /// Newest position before the group.
    pub(super) head: u64,
    /// Units that did not go through, by index, with the version of their execution and its state.
    pub(super) lost: HashMap<usize, (u64, Option<String>)>,
}

/// What is done with a task in this group.
#[derive(Clone, Copy)]
enum Touched {
    Added(usize),
    Claimed(usize),
    Settled,
}

impl<'g> Plan<'g> {
    /// `taken`: whose the keys of submissions are.
    pub(super) fn of(
        entries: impl Iterator<Item = &'g Entry>,
        recent: &Recent,
        known: &Known,
        taken: &HashMap<String, ExecutionId>,
    ) -> Self {
        let mut plan = Self::default();
        let mut making = Making::default();
        for (index, entry) in entries.enumerate() {
            let place = if let Some(answer) = recent.get(entry.id) {
                Place::Known(answer)
            } else if let Some(&earlier) = making.ids.get(&entry.id) {
                Place::Same(earlier)
            } else if making.cut {
                Place::Left
            } else if let Some(by) = entry.taken_by_another(taken) {
                Place::Taken(by)
            } else {
                plan.place(index, entry, &mut making, known)
            };
            plan.places.push(place);
        }
        plan.adds.retain(|add| !making.dropped_adds.contains(add.row.task.key.as_str()));
        plan.claims.retain(|claim| !making.settled(&claim.row.key));
        plan
    }

    /// Nothing to ask the database.
    pub(super) fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// Ids of the commits in units: those with events, and those without.
    pub(super) fn ids(&self, entries: &[&'g Entry]) -> (Vec<CommitId>, Vec<(CommitId, usize)>) {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for (place, entry) in self.places.iter().zip(entries) {
            match place {
                Place::In { has_events: true, .. } => with.push(entry.id),
                Place::In { has_events: false, unit, .. } => without.push((entry.id, *unit)),
                _ => {}
            }
        }
        (with, without)
    }

    /// What became of each commit.
    pub(super) fn fates(&self, found: &Found) -> Vec<Fate> {
        let mut firsts = Vec::with_capacity(self.units.len());
        let mut position = found.head;
        for (index, unit) in self.units.iter().enumerate() {
            firsts.push(position);
            if !found.lost.contains_key(&index) {
                position += unit.events;
            }
        }
        let mut fates: Vec<Fate> = Vec::with_capacity(self.places.len());
        for place in &self.places {
            fates.push(match place {
                Place::Known(answer) => Fate::Duplicate(*answer),
                Place::Same(earlier) if fates[*earlier] == Fate::Again => Fate::Again,
                Place::Same(earlier) => Fate::Same(*earlier),
                Place::Taken(by) => Fate::Taken { by: *by },
                Place::Left => Fate::Again,
                Place::In { unit, before, has_events, expected } => match found.lost.get(unit) {
                    // Fits now, or the state was guessed wrong.
                    Some((version, _)) if version == expected => Fate::Again,
                    Some((version, _)) => Fate::Conflict { found: *version },
                    None => Fate::Applied { first: Position(firsts[*unit] + before + u64::from(*has_events)) },
                },
                Place::Against { unit, expected, version } => match found.lost.get(unit) {
                    Some((found, _)) if found == expected => Fate::Again,
                    Some((found, _)) => Fate::Conflict { found: *found },
                    None => Fate::Conflict { found: *version },
                },
            });
        }
        fates
    }

    /// States that were not as guessed, of units that will be tried again for that.
    pub(super) fn learned(&self, found: &Found) -> Known {
        let learned = found.lost.iter().filter_map(|(unit, (version, state))| {
            let moving = self.units.get(*unit)?.execution.as_ref()?;
            (*version == moving.expected).then(|| Some((moving.id, state.clone()?)))?
        });
        learned.collect()
    }

    fn place(&mut self, index: usize, entry: &'g Entry, making: &mut Making<'g>, known: &Known) -> Place {
        let joins = entry.change.as_ref().and_then(|change| making.units.get(&change.execution_id).copied());
        if let (Some(unit), Some(change)) = (joins, &entry.change)
            && let Some(moving) = &self.units[unit].execution
            && moving.version != change.expected
        {
            return Place::Against { unit, expected: change.expected, version: moving.version };
        }
        let number = joins.unwrap_or(self.units.len());
        if making.meets_others(entry, number) {
            making.cut = true;
            return Place::Left;
        }
        making.ids.insert(entry.id, index);
        making.keys.extend(entry.submission());
        let before = self.join(entry, number, making, known);
        self.add_rows(entry, number, making);
        let expected = entry.change.as_ref().map_or(0, |change| change.expected);
        Place::In { unit: number, before, has_events: !entry.envelopes.is_empty(), expected }
    }

    /// Makes the commit part of its unit. Returns the events the unit had before.
    fn join(&mut self, entry: &'g Entry, number: usize, making: &mut Making<'g>, known: &Known) -> u64 {
        let count = entry.envelopes.len() as u64;
        let (input, result) = (entry.rows.input.as_deref(), entry.rows.result.as_deref());
        if number == self.units.len() {
            let execution = entry.change.as_ref().zip(entry.rows.execution.as_ref()).map(|(change, newest)| {
                making.units.insert(change.execution_id, number);
                let before = (change.expected > 0).then(|| match known.get(&change.execution_id) {
                    Some(state) => state.clone(),
                    None => change.before.to_owned(),
                });
                let (id, expected, ends) = (change.execution_id, change.expected, change.ends);
                let owner = newest.owner.as_deref();
                Moving { id, expected, before, version: expected + count, newest, owner, input, result, ends }
            });
            self.units.push(Unit { execution, events: count });
            return 0;
        }
        let unit = &mut self.units[number];
        if let (Some(moving), Some(newest), Some(change)) = (&mut unit.execution, &entry.rows.execution, &entry.change)
        {
            moving.version += count;
            moving.newest = newest;
            moving.owner = newest.owner.as_deref().or(moving.owner);
            moving.input = input.or(moving.input);
            moving.result = result.or(moving.result);
            moving.ends |= change.ends;
        }
        let before = unit.events;
        unit.events += count;
        before
    }

    fn add_rows(&mut self, entry: &'g Entry, number: usize, making: &mut Making<'g>) {
        let unit = i64::try_from(number).expect("a group is small") + 1;
        self.events.extend(entry.rows.events.iter().map(|row| Of { unit, row }));
        for task in &entry.rows.adds {
            making.tasks.insert(&task.key, (number, Touched::Added(self.adds.len())));
            self.adds.push(Of { unit, row: Adding { task, claimed_by: task.claimed_by.as_deref() } });
        }
        for claim in &entry.rows.claims {
            match making.tasks.get(claim.key.as_str()) {
                Some((_, Touched::Added(at))) => self.adds[*at].row.claimed_by = Some(&claim.worker),
                Some((_, Touched::Claimed(at))) => self.claims[*at].row = claim,
                Some((_, Touched::Settled)) => {}
                None => {
                    making.tasks.insert(&claim.key, (number, Touched::Claimed(self.claims.len())));
                    self.claims.push(Of { unit, row: claim });
                }
            }
        }
        for key in &entry.rows.settles {
            match making.tasks.insert(key, (number, Touched::Settled)) {
                Some((_, Touched::Settled)) => {}
                touched => {
                    if let Some((_, Touched::Added(_))) = touched {
                        making.dropped_adds.insert(key);
                    }
                    self.settles.push(Of { unit, row: key });
                }
            }
        }
    }
}

/// What is needed only while a plan is made.
#[derive(Default)]
struct Making<'g> {
    ids: HashMap<CommitId, usize>,
    units: HashMap<ExecutionId, usize>,
    /// Tasks named so far, with the unit that does.
    tasks: HashMap<&'g str, (usize, Touched)>,
    /// Keys of submissions so far. Whether they will be taken, the database decides.
    keys: HashSet<&'g str>,
    /// Added and settled in one group: never there for anybody to see.
    dropped_adds: HashSet<&'g str>,
    /// A commit did not fit: it and all after it, which may build on it, are left.
    cut: bool,
}

impl Making<'_> {
    /// The statement does all additions, claims and settlements at once: a task that two units name, or that is
    /// added after it was named, needs two groups. So does a key that two submissions name.
    fn meets_others(&self, entry: &Entry, unit: usize) -> bool {
        let named = |key: &str| self.tasks.get(key);
        entry.submission().is_some_and(|key| self.keys.contains(key))
            || entry.rows.adds.iter().any(|task| named(&task.key).is_some())
            || entry.rows.claims.iter().any(|claim| named(&claim.key).is_some_and(|(by, _)| *by != unit))
            || entry.rows.settles.iter().any(|key| named(key).is_some_and(|(by, _)| *by != unit))
    }

    fn settled(&self, key: &str) -> bool {
        matches!(self.tasks.get(key), Some((_, Touched::Settled)))
    }
}

#[cfg(test)]
mod tests;
