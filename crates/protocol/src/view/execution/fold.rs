//! The fold behind an execution's page. Work per event does not grow with the execution: what is kept is bounded by
//! the playbook, and what is looked for was most likely touched last.

use super::{
    ExecutionView, NEWEST, PausedView, QueuedView,
    items::{ItemView, ItemsView},
    step::{ApprovalView, AttemptView, StepView},
};
use crate::{
    Event, Phase, StepStatus, TaskPart, Timestamp,
    event::{
        ActionCompleted, ActionFailed, ActionStarted, ApprovalRequested, ExecutionComplete, ExecutionQueued,
        ExecutionStart, RetryScheduled, StepReused, Transition,
    },
    view::preview::{Preview, tail},
};

impl ExecutionView {
    pub(super) fn fold(&mut self, event: &Event, now: Timestamp) {
        match event {
            Event::ExecutionQueued(e) => self.queued(e, now),
            Event::ExecutionStart(e) => self.started(e, now),
            Event::StepReused(e) => self.reused(e, now),
            Event::StepStarted(e) => {
                self.phase = Phase::InProgress;
                self.progress = e.progress;
                self.put(StepView::begun(&e.step, e.visit, &e.protocol, &e.input, now));
            }
            Event::ActionStarted(e) => self.action_started(e, now),
            Event::ActionCompleted(e) => self.action_completed(e, now),
            Event::ActionFailed(e) => self.action_failed(e, now),
            Event::RetryScheduled(e) => self.retry_scheduled(e, now),
            Event::IteratorStarted(e) => {
                if let Some(step) = self.step_mut(&e.step, e.visit) {
                    step.status = StepStatus::Running;
                    step.items = Some(ItemsView::new(e.mode, e.concurrency, e.count));
                }
            }
            Event::IteratorCompleted(e) => {
                if let Some(step) = self.step_mut(&e.step, e.visit) {
                    step.result = Some(Preview::of(&e.result));
                    step.queued_at = now;
                }
            }
            Event::ApprovalRequested(e) => self.approval_requested(e, now),
            Event::StepCompleted(e) => {
                self.progress = e.progress;
                self.end_step(&e.step, e.visit, StepStatus::Completed, now);
                self.evaluated(&e.arcs);
            }
            Event::StepFailed(e) => {
                self.progress = e.progress;
                // A step that a cancellation stopped and whose arcs clean up after it.
                let is_cancelled = self.is_cancelling && e.error.code == "cancelled";
                let status = if is_cancelled { StepStatus::Cancelled } else { StepStatus::Failed };
                self.end_step(&e.step, e.visit, status, now);
                if let Some(step) = self.step_mut(&e.step, e.visit) {
                    step.error = Some(e.error.clone());
                }
                self.evaluated(&e.arcs);
            }
            Event::ExecutionPaused(e) => {
                self.paused = Some(PausedView { reason: e.reason.clone(), by: e.by.clone(), since: now });
            }
            Event::ExecutionResumed(_) => self.paused = None,
            Event::ExecutionCancelled(_) => {
                self.is_cancelling = true;
                self.paused = None;
                self.stop(now);
            }
            Event::ExecutionComplete(e) => self.completed(e, now),
            _ => {}
        }
    }

    fn queued(&mut self, e: &ExecutionQueued, now: Timestamp) {
        self.path.clone_from(&e.path);
        self.version = e.version;
        self.created_at = now;
        self.input = Preview::of(&e.input);
        self.origin = e.origin.clone();
        self.queued = Some(QueuedView { reason: e.reason.clone(), key: e.key.clone(), since: now });
    }

    fn started(&mut self, e: &ExecutionStart, now: Timestamp) {
        self.path.clone_from(&e.path);
        self.version = e.version;
        if self.queued.take().is_none() {
            self.created_at = now;
        }
        self.input = Preview::of(&e.input);
        self.origin = e.origin.clone();
        self.progress = e.progress;
        self.evaluated(&e.arcs);
        self.phase = Phase::InProgress;
    }

    fn reused(&mut self, e: &StepReused, now: Timestamp) {
        self.progress = e.progress;
        let mut step = StepView::begun(&e.step, e.visit, "", &e.input, now);
        step.result = Some(Preview::of(&e.result));
        step.reused_of = Some(e.of);
        step.end(StepStatus::Completed, now);
        self.put(step);
        self.evaluated(&e.arcs);
    }

    fn action_started(&mut self, e: &ActionStarted, now: Timestamp) {
        let waits = e.until.is_some() || e.signal.is_some();
        let status = if waits { StepStatus::Waiting } else { StepStatus::Running };
        let queued_at = match self.step_mut(&e.step, e.visit) {
            None => now,
            Some(step) => {
                // A retry's due time may lie ahead by the difference of two clocks.
                let queued_at = step.queued_at.min(now);
                match e.item {
                    Some(item) => {
                        if let Some(items) = &mut step.items {
                            items.started(ItemView {
                                item,
                                status,
                                part: e.part,
                                attempt: e.attempt,
                                worker: e.worker.clone(),
                                child: e.child,
                                started_at: now,
                                ended_at: None,
                                error: None,
                            });
                        }
                        now
                    }
                    None => {
                        step.status = status;
                        step.attempt = e.attempt;
                        step.child = e.child.or(step.child);
                        step.until = e.until;
                        step.signal.clone_from(&e.signal);
                        queued_at
                    }
                }
            }
        };
        self.attempts.push(AttemptView {
            step: e.step.clone(),
            visit: e.visit,
            attempt: e.attempt,
            part: e.part,
            item: e.item,
            status,
            queued_at,
            started_at: now,
            ended_at: None,
            worker: e.worker.clone(),
            child: e.child,
            logs: Default::default(),
            error: None,
        });
        if self.attempts.len() > NEWEST {
            self.attempts.remove(0);
            self.attempts_omitted += 1;
        }
    }

    fn action_completed(&mut self, e: &ActionCompleted, now: Timestamp) {
        if let Some(attempt) = self.attempt_mut(&e.step, e.visit, e.attempt, e.part, e.item) {
            attempt.status = StepStatus::Completed;
            attempt.ended_at = Some(now);
            attempt.logs = tail(&e.logs);
        }
        let Some(step) = self.step_mut(&e.step, e.visit) else { return };
        match e.item {
            Some(item) => {
                if let Some(items) = &mut step.items {
                    items.completed(item, now);
                }
            }
            None if e.part.is_action() => {
                step.result = Some(Preview::of(&e.result));
                step.queued_at = now;
            }
            // A step that only saves has no other result.
            None if step.result.is_none() => step.result = Some(Preview::of(&e.result)),
            None => {}
        }
    }

    fn action_failed(&mut self, e: &ActionFailed, now: Timestamp) {
        if let Some(attempt) = self.attempt_mut(&e.step, e.visit, e.attempt, e.part, e.item) {
            attempt.status = StepStatus::Failed;
            attempt.ended_at = Some(now);
            attempt.logs = tail(&e.logs);
            attempt.error = Some(e.error.clone());
        }
        let Some(step) = self.step_mut(&e.step, e.visit) else { return };
        match e.item {
            Some(item) => {
                if let Some(items) = &mut step.items {
                    items.failed(item, now, e.attempt, &e.error);
                }
            }
            None => {
                step.error = Some(e.error.clone());
                if e.part.is_action() {
                    step.result = e.result.as_deref().map(Preview::of);
                }
            }
        }
    }

    fn retry_scheduled(&mut self, e: &RetryScheduled, now: Timestamp) {
        // An attempt whose worker was lost has no other end.
        let before = e.attempt.saturating_sub(1);
        if let Some(attempt) = self.attempt_mut(&e.step, e.visit, before, e.part, e.item)
            && !attempt.status.is_final()
        {
            attempt.status = StepStatus::Failed;
            attempt.ended_at = Some(now);
        }
        let Some(step) = self.step_mut(&e.step, e.visit) else { return };
        match e.item {
            Some(item) => {
                if let Some(items) = &mut step.items {
                    items.retried(item, e.attempt);
                }
            }
            None => {
                step.status = StepStatus::Waiting;
                step.attempt = e.attempt;
                step.queued_at = e.due;
            }
        }
    }

    fn approval_requested(&mut self, e: &ApprovalRequested, now: Timestamp) {
        if let Some(step) = self.step_mut(&e.step, e.visit) {
            step.status = StepStatus::Waiting;
            step.until = e.due;
            step.approval = Some(ApprovalView {
                message: e.message.clone(),
                form: e.form.clone(),
                requested_at: now,
                due: e.due,
                default: e.default.clone(),
            });
        }
    }

    fn completed(&mut self, e: &ExecutionComplete, now: Timestamp) {
        self.phase = Phase::Completed;
        self.outcome = Some(e.outcome);
        self.progress = e.progress;
        self.result = Some(Preview::of(&e.result));
        self.error.clone_from(&e.error);
        self.ended_at = Some(now);
        self.queued = None;
        self.paused = None;
        self.is_cancelling = false;
        self.stop(now);
    }

    /// What was under way is cancelled.
    fn stop(&mut self, now: Timestamp) {
        for step in self.steps.iter_mut().filter(|step| !step.status.is_final()) {
            step.end(StepStatus::Cancelled, now);
        }
        for attempt in self.attempts.iter_mut().filter(|attempt| !attempt.status.is_final()) {
            attempt.status = StepStatus::Cancelled;
            attempt.ended_at = Some(now);
        }
    }

    /// A visit replaces the one before it.
    fn put(&mut self, view: StepView) {
        match self.steps.iter_mut().rev().find(|step| step.step == view.step) {
            Some(step) => *step = view,
            None => self.steps.push(view),
        }
    }

    fn step_mut(&mut self, step: &str, visit: u32) -> Option<&mut StepView> {
        self.steps.iter_mut().rev().find(|view| view.step == step && view.visit == visit)
    }

    fn attempt_mut(
        &mut self,
        step: &str,
        visit: u32,
        attempt: u32,
        part: TaskPart,
        item: Option<u32>,
    ) -> Option<&mut AttemptView> {
        let is_it = |view: &&mut AttemptView| {
            view.step == step
                && view.visit == visit
                && view.attempt == attempt
                && view.part == part
                && view.item == item
        };
        self.attempts.iter_mut().rev().find(is_it)
    }

    /// Ends a visit and the attempts of it that nobody wants any more.
    fn end_step(&mut self, step: &str, visit: u32, status: StepStatus, now: Timestamp) {
        if let Some(view) = self.step_mut(step, visit) {
            view.end(status, now);
        }
        for attempt in self.attempts.iter_mut().rev() {
            if attempt.step == step && attempt.visit == visit && !attempt.status.is_final() {
                attempt.status = StepStatus::Cancelled;
                attempt.ended_at = Some(now);
            }
        }
    }

    fn evaluated(&mut self, arcs: &[Transition]) {
        for arc in arcs {
            let seen = Transition { data: None, ..arc.clone() };
            match self
                .transitions
                .iter_mut()
                .rev()
                .find(|known| known.from == arc.from && known.to == arc.to && known.when == arc.when)
            {
                Some(known) => *known = seen,
                None => self.transitions.push(seen),
            }
        }
    }
}
