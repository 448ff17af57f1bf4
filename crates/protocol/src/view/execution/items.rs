//! The items of an iterator: how many are where, and the few worth a row.

use crate::{ExecutionId, StepStatus, TaskError, TaskPart, Timestamp, event::IteratorMode, view::Preview};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Items shown with a row of their own, of those under way or ended lately, and of those that failed.
pub const NEWEST_ITEMS: usize = 50;
/// Longest label of an item, in characters.
const LABEL: usize = 80;

/// An iterator's visit, bounded however many items it has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemsView {
    pub mode: IteratorMode,
    /// Items at once.
    pub concurrency: u32,
    pub count: u32,
    pub completed: u32,
    pub failed: u32,
    /// Those that began last, in order of their beginning.
    pub newest: Vec<ItemView>,
    /// Those that failed last and are not tried again, in the order in which they failed.
    pub failures: Vec<ItemView>,
    /// Those that began and have not ended: at most `concurrency` entries.
    pub open: BTreeMap<u32, StepStatus>,
}

/// One item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemView {
    /// From 0.
    pub item: u32,
    pub status: StepStatus,
    pub part: TaskPart,
    pub attempt: u32,
    pub worker: String,
    /// The execution that does it.
    pub child: Option<ExecutionId>,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub error: Option<TaskError>,
}

impl ItemsView {
    pub(super) fn new(mode: IteratorMode, concurrency: u32, count: u32) -> Self {
        Self {
            mode,
            concurrency,
            count,
            completed: 0,
            failed: 0,
            newest: Vec::new(),
            failures: Vec::new(),
            open: BTreeMap::new(),
        }
    }

    /// Items in a state; `Queued` are those that have not begun.
    pub fn in_state(&self, status: StepStatus) -> u32 {
        match status {
            StepStatus::Completed => self.completed,
            StepStatus::Failed => self.failed,
            StepStatus::Queued => {
                let begun = self.completed + self.failed + u32::try_from(self.open.len()).unwrap_or(u32::MAX);
                self.count.saturating_sub(begun)
            }
            status => u32::try_from(self.open.values().filter(|known| **known == status).count()).unwrap_or(u32::MAX),
        }
    }

    pub(super) fn started(&mut self, item: ItemView) {
        // A save begins after the action was taken for the end of the item.
        if !item.part.is_action() && !self.open.contains_key(&item.item) {
            self.completed = self.completed.saturating_sub(1);
        }
        self.open.insert(item.item, item.status);
        match self.row(item.item) {
            Some(row) => *row = ItemView { child: item.child.or(row.child), started_at: row.started_at, ..item },
            None => {
                self.newest.push(item);
                if self.newest.len() > NEWEST_ITEMS {
                    // One that has ended makes room before one that runs.
                    let at = self.newest.iter().position(|row| row.status.is_final()).unwrap_or(0);
                    self.newest.remove(at);
                }
            }
        }
    }

    pub(super) fn completed(&mut self, item: u32, now: Timestamp) {
        self.open.remove(&item);
        self.completed += 1;
        self.ended(item, StepStatus::Completed, now, None);
    }

    /// `failed` comes before it is known whether the item is tried again: then `retried` follows.
    pub(super) fn failed(&mut self, item: u32, now: Timestamp, attempt: u32, error: &TaskError) {
        self.open.remove(&item);
        self.failed += 1;
        self.ended(item, StepStatus::Failed, now, Some(error));
        let known = self.row(item).cloned();
        // An item can fail before it began: its fields could not be rendered.
        self.failures.push(known.unwrap_or_else(|| ItemView {
            item,
            status: StepStatus::Failed,
            part: TaskPart::Action,
            attempt,
            worker: String::new(),
            child: None,
            started_at: now,
            ended_at: Some(now),
            error: Some(error.clone()),
        }));
        if self.failures.len() > NEWEST_ITEMS {
            self.failures.remove(0);
        }
    }

    pub(super) fn retried(&mut self, item: u32, attempt: u32) {
        let last_failed = self.failures.last().is_some_and(|failure| failure.item == item);
        match self.open.insert(item, StepStatus::Waiting) {
            // The attempt was lost, and told by nothing but this.
            Some(_) => {}
            None if last_failed => {
                self.failures.pop();
                self.failed = self.failed.saturating_sub(1);
            }
            None => self.completed = self.completed.saturating_sub(1),
        }
        if let Some(row) = self.row(item) {
            row.status = StepStatus::Waiting;
            row.attempt = attempt;
            row.ended_at = None;
        }
    }

    /// The iterator's end: what is open is not wanted any more.
    pub(super) fn stopped(&mut self, now: Timestamp) {
        self.open.clear();
        for row in self.newest.iter_mut().filter(|row| !row.status.is_final()) {
            row.status = StepStatus::Cancelled;
            row.ended_at = Some(now);
        }
    }

    fn ended(&mut self, item: u32, status: StepStatus, now: Timestamp, error: Option<&TaskError>) {
        if let Some(row) = self.row(item) {
            row.status = status;
            row.ended_at = Some(now);
            row.error = error.cloned();
        }
    }

    fn row(&mut self, item: u32) -> Option<&mut ItemView> {
        self.newest.iter_mut().rev().find(|row| row.item == item)
    }
}

/// What a list calls an item: the field that names it, or the value itself, cut.
pub fn item_label(item: &Value) -> String {
    let named = ["name", "title", "id", "key"].into_iter().find_map(|field| match item.get(field) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(value @ Value::Number(_)) => Some(value.to_string()),
        _ => None,
    });
    let text = named.unwrap_or_else(|| match item {
        Value::String(text) => text.clone(),
        other => Preview::of(other).text,
    });
    match text.char_indices().nth(LABEL) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
