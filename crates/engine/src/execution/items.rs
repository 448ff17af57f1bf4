//! The items of iterators: which are under way, and what the others came to.
//!
//! No event says that an item's task was handed out: the first ones are with the iterator's start, and with each
//! item that is settled the next one is. So the items that were ever handed out follow from how many are settled.

use super::{
    piece::{Hold, Piece},
    state::{Execution, RecordId},
};
use crate::effort::look;
use protocol::{
    TaskError, TaskKey, TaskPart, Timestamp,
    event::{ActionCompleted, ActionFailed, IteratorStarted, RetryScheduled},
};
use rpds::RedBlackTreeMapSync;
use serde_json::Value;
use std::sync::Arc;

/// A visit of an iterator.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Iteration {
    /// A list.
    items: Arc<Value>,
    count: u32,
    concurrency: u32,
    /// A save follows each item's action.
    saves: bool,
    settled: u32,
    failed: u32,
    /// An item that was handed out and has not been heard of.
    untouched: Piece,
    ends: RedBlackTreeMapSync<u32, ItemEnd>,
}

/// What an item's action came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ItemEnd {
    pub(crate) result: Option<Arc<Value>>,
    pub(crate) error: Option<Arc<TaskError>>,
    /// Nothing of it is under way.
    is_settled: bool,
    /// Attempts whose workers were lost, should there be another one.
    lost: u32,
}

impl Iteration {
    fn new(event: &IteratorStarted, time: Timestamp) -> Self {
        Self {
            items: event.items.clone(),
            count: event.count,
            concurrency: event.concurrency,
            saves: event.saves,
            settled: 0,
            failed: 0,
            untouched: Piece::new(TaskPart::Action, time),
            ends: RedBlackTreeMapSync::new_sync(),
        }
    }

    pub(crate) fn item(&self, item: u32) -> Option<&Value> {
        self.items.get(item as usize)
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    pub(crate) fn failed(&self) -> u32 {
        self.failed
    }

    /// Items from 0 up to this one, without it, were handed out.
    pub(crate) fn opened(&self) -> u32 {
        self.opened_after(self.settled)
    }

    /// As [`Iteration::opened`] before the item that was settled last was.
    pub(crate) fn opened_before(&self) -> u32 {
        self.opened_after(self.settled.saturating_sub(1))
    }

    fn opened_after(&self, settled: u32) -> u32 {
        self.count.min(settled.saturating_add(self.concurrency))
    }

    pub(crate) fn is_done(&self) -> bool {
        self.settled == self.count
    }

    pub(crate) fn end(&self, item: u32) -> Option<&ItemEnd> {
        self.ends.get(&item)
    }

    /// What became of each, in the order of the items.
    pub(crate) fn ends(&self) -> impl Iterator<Item = &ItemEnd> {
        self.ends.values()
    }
}

impl Execution {
    /// A visit of an iterator that is under way.
    pub(crate) fn iteration(&self, step: &str, visit: u32) -> Option<&Iteration> {
        self.iterations.get(&(*self.names.get(step)?, visit))
    }

    /// The tasks of a visit's items that are not settled.
    pub(crate) fn open_items(&self, step: &str, visit: u32) -> Vec<TaskKey> {
        let Some(id) = self.names.get(step).copied() else { return Vec::new() };
        let is_task = |(_, piece): &(u32, &Piece)| piece.is_task(self.is_paused);
        let items = self.items_under_way(id, visit).filter(is_task);
        items.map(|(item, piece)| self.key(id, visit, Some(item), piece)).collect()
    }

    /// Where an item's work is; `None` when it is settled, or was not handed out.
    pub(super) fn item_piece(&self, id: RecordId, visit: u32, item: u32) -> Option<&Piece> {
        if let Some(piece) = self.items.get(&(id, visit, item)) {
            return Some(piece);
        }
        let iteration = self.iterations.get(&(id, visit))?;
        (item < iteration.opened() && iteration.end(item).is_none()).then_some(&iteration.untouched)
    }

    /// Every item of every iterator that is under way.
    pub(super) fn all_items(&self) -> impl Iterator<Item = (TaskKey, &Piece)> {
        self.iterations.keys().flat_map(|(id, visit)| {
            self.items_under_way(*id, *visit).map(|(item, piece)| (self.key(*id, *visit, Some(item), piece), piece))
        })
    }

    fn items_under_way(&self, id: RecordId, visit: u32) -> impl Iterator<Item = (u32, &Piece)> {
        let opened = self.iterations.get(&(id, visit)).map_or(0, Iteration::opened);
        (0..opened).inspect(|_| look()).filter_map(move |item| Some((item, self.item_piece(id, visit, item)?)))
    }

    pub(super) fn iterator_started(&mut self, event: &IteratorStarted, time: Timestamp) {
        let id = self.mention(&event.step);
        self.iterations.insert_mut((id, event.visit), Iteration::new(event, time));
        // The visit itself is no task.
        self.change_piece(id, event.visit, None, |piece| piece.hold = Hold::Settled);
        self.moved(id);
    }

    pub(super) fn item_completed(&mut self, id: RecordId, item: u32, event: &ActionCompleted, time: Timestamp) {
        let at = (id, event.visit, item);
        let Some(mut iteration) = self.iterations.get(&(id, event.visit)).cloned() else { return };
        let Some(piece) = self.item_piece(id, event.visit, item).cloned() else { return };
        let mut end = iteration.end(item).cloned().unwrap_or_default();
        if event.part.is_action() {
            end.result = Some(event.result.clone());
        }
        if event.part.is_action() && iteration.saves {
            self.items.insert_mut(at, piece.then_save(time));
        } else {
            end.is_settled = true;
            end.lost = piece.lost;
            iteration.settled += 1;
            self.items.remove_mut(&at);
        }
        iteration.ends.insert_mut(item, end);
        self.iterations.insert_mut((id, event.visit), iteration);
    }

    pub(super) fn item_failed(&mut self, id: RecordId, item: u32, event: &ActionFailed) {
        let Some(mut iteration) = self.iterations.get(&(id, event.visit)).cloned() else { return };
        let mut end = iteration.end(item).cloned().unwrap_or_default();
        if !end.is_settled {
            end.is_settled = true;
            end.lost = self.item_piece(id, event.visit, item).map_or(0, |piece| piece.lost);
            iteration.settled += 1;
        }
        if end.error.is_none() {
            end.error = Some(Arc::new(event.error.clone()));
            iteration.failed += 1;
        }
        iteration.ends.insert_mut(item, end);
        self.items.remove_mut(&(id, event.visit, item));
        self.iterations.insert_mut((id, event.visit), iteration);
    }

    /// Another attempt: the end of the one before does not count.
    pub(super) fn item_retried(&mut self, id: RecordId, item: u32, event: &RetryScheduled, is_lost: bool) {
        let Some(mut iteration) = self.iterations.get(&(id, event.visit)).cloned() else { return };
        let mut lost = self.item_piece(id, event.visit, item).map_or(0, |piece| piece.lost_in(event.part));
        if let Some(mut end) = iteration.end(item).cloned() {
            if end.is_settled {
                iteration.settled -= 1;
                lost = end.lost;
            }
            iteration.failed -= u32::from(end.error.take().is_some());
            end.is_settled = false;
            if event.part.is_action() {
                iteration.ends.remove_mut(&item);
            } else {
                iteration.ends.insert_mut(item, end);
            }
        }
        let piece =
            Piece { attempt: event.attempt, lost: lost + u32::from(is_lost), ..Piece::new(event.part, event.due) };
        self.items.insert_mut((id, event.visit, item), piece);
        self.iterations.insert_mut((id, event.visit), iteration);
    }

    /// The visit has ended, and with it everything of its items.
    pub(super) fn end_items(&mut self, id: RecordId, visit: u32) {
        if self.iterations.remove_mut(&(id, visit)) {
            let all = self.items.range((id, visit, 0)..=(id, visit, u32::MAX));
            let all: Vec<_> = all.map(|(at, _)| *at).collect();
            for at in all {
                self.items.remove_mut(&at);
            }
        }
    }
}
