//! The part of the fold that is about the work of visits: attempts, waits, signals.

use super::{
    piece::{Hold, Piece},
    state::{Execution, RecordId},
    work::LostAttempt,
};
use protocol::{
    TaskError, TaskPart, Timestamp,
    event::{
        ActionCompleted, ActionFailed, ActionStarted, ApprovalRequested, IteratorCompleted, ReportLate, RetryScheduled,
        SignalReceived,
    },
};
use rpds::{QueueSync, RedBlackTreeMapSync, RedBlackTreeSetSync};
use serde_json::{Value, json};
use std::sync::Arc;

/// The reason of a retry whose attempt before was lost with its worker, and the code of a failure by that.
pub(crate) const WORKER_LOST: &str = "worker_lost";

/// The code of a step that a cancellation stopped.
pub(crate) const CANCELLED: &str = "cancelled";

impl Execution {
    pub(super) fn action_started(&mut self, event: &ActionStarted, time: Timestamp) {
        let id = self.mention(&event.step);
        let waits = event.until.is_some() || event.signal.is_some();
        let signal: Option<Arc<str>> = event.signal.as_deref().map(Arc::from);
        let hold = match &signal {
            _ if !waits => Hold::Claimed,
            // Somebody sent it before: it is taken, and the wait ends in the same decision.
            Some(name) if self.take_signal(name) => Hold::Settled,
            _ => Hold::Waits { since: time, order: self.event_count, until: event.until, signal },
        };
        self.change_piece(id, event.visit, event.item, |piece| {
            piece.attempt = event.attempt;
            piece.part = event.part;
            piece.hold = hold;
        });
        self.moved(id);
    }

    pub(super) fn approval_requested(&mut self, event: &ApprovalRequested, time: Timestamp) {
        let id = self.mention(&event.step);
        let (form, default) = (event.form.clone(), event.default.clone());
        let hold = Hold::Asks { since: time, form, due: event.due, default };
        self.change_piece(id, event.visit, None, |piece| piece.hold = hold);
        self.moved(id);
    }

    pub(super) fn signal_received(&mut self, event: &SignalReceived) {
        // One that is taken now ends the wait of its step by the events that follow.
        if event.step.is_none() {
            let name: Arc<str> = event.name.as_str().into();
            let mut kept = self.signals.get(&name).cloned().unwrap_or_else(QueueSync::new_sync);
            kept.enqueue_mut(event.data.clone());
            self.signals.insert_mut(name, kept);
            self.signal_count += 1;
        }
    }

    pub(super) fn action_completed(&mut self, event: &ActionCompleted, time: Timestamp) {
        let id = self.mention(&event.step);
        match event.item {
            Some(item) => self.item_completed(id, item, event, time),
            None => self.work_completed(id, event.visit, event.part, &event.result, time),
        }
        self.moved(id);
    }

    pub(super) fn iterator_completed(&mut self, event: &IteratorCompleted, time: Timestamp) {
        let id = self.mention(&event.step);
        self.end_items(id, event.visit);
        self.work_completed(id, event.visit, TaskPart::Action, &event.result, time);
        self.moved(id);
    }

    /// What a visit does is done, or its save is.
    fn work_completed(&mut self, id: RecordId, visit: u32, part: TaskPart, result: &Arc<Value>, time: Timestamp) {
        let saves = part.is_action() && self.running.get(&(id, visit)).is_some_and(|under_way| under_way.saves);
        let mut is_all = part.is_action();
        self.change_piece(id, visit, None, |piece| {
            is_all |= piece.is_save_alone;
            if saves {
                *piece = piece.then_save(time);
            } else {
                piece.hold = Hold::Settled;
            }
        });
        if is_all {
            self.came_to(id, visit, result.clone());
        }
    }

    /// The result of a visit, and of its step until another visit has one.
    fn came_to(&mut self, id: RecordId, visit: u32, result: Arc<Value>) {
        if let Some(mut under_way) = self.running.get(&(id, visit)).cloned() {
            under_way.result = Some(result.clone());
            self.running.insert_mut((id, visit), under_way);
        }
        self.change(id, |record| record.result = Some(result));
    }

    pub(super) fn action_failed(&mut self, event: &ActionFailed) {
        let id = self.mention(&event.step);
        match event.item {
            Some(item) => self.item_failed(id, item, event),
            None => self.change_piece(id, event.visit, None, |piece| piece.hold = Hold::Settled),
        }
        // A save that fails leaves its action's result: it may be made again.
        if event.item.is_none() && event.part.is_action() {
            self.came_to(id, event.visit, Arc::new(failure(event.result.as_deref(), &event.error)));
        }
        if event.error.code == WORKER_LOST {
            let ActionFailed { visit, attempt, part, item, .. } = *event;
            self.lost.insert_mut(LostAttempt { record: id, visit, item, part, attempt });
        }
        self.moved(id);
    }

    pub(super) fn retry_scheduled(&mut self, event: &RetryScheduled) {
        let id = self.mention(&event.step);
        let is_lost = event.reason == WORKER_LOST;
        match event.item {
            Some(item) => self.item_retried(id, item, event, is_lost),
            None => self.change_piece(id, event.visit, None, |piece| {
                *piece = piece.again(event.part, event.attempt, is_lost, event.due);
            }),
        }
        if is_lost {
            self.lost.insert_mut(LostAttempt {
                record: id,
                visit: event.visit,
                item: event.item,
                part: event.part,
                attempt: event.attempt - 1,
            });
        }
        self.moved(id);
    }

    pub(super) fn report_late(&mut self, event: &ReportLate) {
        let record = self.mention(&event.step);
        let ReportLate { visit, attempt, part, item, .. } = *event;
        self.lost.remove_mut(&LostAttempt { record, visit, item, part, attempt });
    }

    /// Takes the oldest signal of this name that nobody waited for; false when there is none.
    fn take_signal(&mut self, name: &Arc<str>) -> bool {
        let Some(mut kept) = self.signals.get(name).cloned() else { return false };
        kept.dequeue_mut();
        if kept.is_empty() {
            self.signals.remove_mut(name);
        } else {
            self.signals.insert_mut(name.clone(), kept);
        }
        self.signal_count -= 1;
        true
    }

    /// Changes a piece of work under way, and the indexes of what it waits for.
    pub(super) fn change_piece(
        &mut self,
        id: RecordId,
        visit: u32,
        item: Option<u32>,
        change: impl FnOnce(&mut Piece),
    ) {
        let Some(item) = item else {
            let Some(mut changed) = self.running.get(&(id, visit)).cloned() else { return };
            self.unwait(id, visit, &changed.piece);
            change(&mut changed.piece);
            if let Some(time) = changed.piece.deadline() {
                self.deadlines.insert_mut((time, id, visit));
            }
            if let Some((signal, order)) = changed.piece.signal() {
                self.listeners.insert_mut((signal.clone(), order, id, visit));
            }
            self.running.insert_mut((id, visit), changed);
            return;
        };
        if let Some(mut piece) = self.item_piece(id, visit, item).cloned() {
            change(&mut piece);
            self.items.insert_mut((id, visit, item), piece);
        }
    }

    fn unwait(&mut self, id: RecordId, visit: u32, piece: &Piece) {
        if let Some(time) = piece.deadline() {
            self.deadlines.remove_mut(&(time, id, visit));
        }
        if let Some((signal, order)) = piece.signal() {
            self.listeners.remove_mut(&(signal.clone(), order, id, visit));
        }
    }

    /// False when the visit was not under way.
    pub(super) fn end_visit(&mut self, id: RecordId, visit: u32) -> bool {
        let under_way = self.running.get(&(id, visit)).cloned();
        if let Some(under_way) = &under_way {
            self.unwait(id, visit, &under_way.piece);
            self.running.remove_mut(&(id, visit));
            self.end_items(id, visit);
            self.change(id, |record| record.running = record.running.saturating_sub(1));
        }
        self.finished_last = Some(id);
        self.moved(id);
        under_way.is_some()
    }

    /// Nothing is under way and nothing is waited for any more.
    pub(super) fn stop(&mut self) {
        let stopped: Vec<RecordId> = self.running.keys().map(|(id, _)| *id).collect();
        for id in stopped {
            self.change(id, |record| record.running = 0);
        }
        self.running = RedBlackTreeMapSync::new_sync();
        self.waiting = RedBlackTreeMapSync::new_sync();
        self.items = RedBlackTreeMapSync::new_sync();
        self.iterations = RedBlackTreeMapSync::new_sync();
        self.deadlines = RedBlackTreeSetSync::new_sync();
        self.listeners = RedBlackTreeSetSync::new_sync();
    }
}

/// What expressions see of a failed step: what it returned, if that was a map, with `status` and `error`.
pub(crate) fn failure(result: Option<&Value>, error: &TaskError) -> Value {
    let mut map = match result {
        Some(Value::Object(map)) => map.clone(),
        Some(other) if !other.is_null() => [("data".to_owned(), other.clone())].into_iter().collect(),
        _ => serde_json::Map::new(),
    };
    map.insert("status".to_owned(), json!("error"));
    map.entry("error").or_insert_with(|| json!({ "code": error.code, "message": error.message }));
    Value::Object(map)
}
