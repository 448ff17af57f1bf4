//! What a worker says.

use super::{Connected, Ended, Running, Standing, State};
use crate::{
    credentials::Redaction,
    driver::Message,
    workers::{progress, registry::Placed},
};
use async_trait::async_trait;
use bytes::Bytes;
use engine::Input;
use hub::{Gone, JoinedWorker};
use protocol::{
    ExecutionId, Problem, TaskKey, TaskReport,
    frame::{
        FromWorker,
        worker::{TaskNote, WorkerHeartbeat, WorkerReports},
    },
};
use serde_json::Value;
use std::{collections::HashSet, sync::Arc};
use tokio::{
    sync::{OwnedSemaphorePermit, oneshot},
    time::Instant,
};

type Receipt = oneshot::Receiver<Result<(), Problem>>;

/// A worker as the hub holds it.
pub(in crate::workers) struct Desk(pub(in crate::workers) Arc<Connected>);

#[async_trait]
impl JoinedWorker for Desk {
    async fn frame(&self, frame: FromWorker) {
        let (now, worker) = (self.0.house.environment.now(), &self.0);
        {
            let mut state = worker.state();
            state.heard = Instant::now();
            state.heard_at = now;
        }
        match frame {
            FromWorker::Reports(frame) => worker.reports(frame).await,
            FromWorker::Heartbeat(frame) => worker.heartbeat(frame),
            FromWorker::Drain(frame) => worker.drain(frame.id),
            // The session lets only the first one through.
            FromWorker::Join(_) => {}
        }
    }

    fn next(&self) -> Option<Bytes> {
        self.0.state().outgoing.next()
    }

    fn gone(&self, why: Gone) {
        match why {
            Gone::Left => self.0.lose("disconnected"),
            Gone::ServerDrains => {
                let mut state = self.0.state();
                state.standing = Standing::Detached;
                state.outgoing.clear();
            }
        }
        self.0.ended.cancel();
    }
}

impl Connected {
    async fn reports(self: &Arc<Self>, frame: WorkerReports) {
        let WorkerReports { id, reports, released } = frame;
        let permit = self.acknowledging.clone().acquire_owned().await.expect("the semaphore is never closed");
        let (mut receipts, mut late) = (Vec::with_capacity(reports.len()), Vec::new());
        {
            let mut state = self.state();
            for report in reports {
                let key = report.key.clone();
                let Some(Running { ended, .. }) = state.running.remove(&key) else {
                    late.push(report);
                    continue;
                };
                let (receipt, told) = oneshot::channel();
                match ended.send(Ended::Report { report, receipt }) {
                    Ok(()) => receipts.push((key, told)),
                    Err(Ended::Report { report, .. }) => late.push(report),
                    Err(Ended::Lost(_)) => {}
                }
            }
            for key in &released {
                if let Some(Running { ended, .. }) = state.running.remove(key) {
                    let _ = ended.send(Ended::Lost("released by its worker".to_owned()));
                }
            }
        }
        let worker = self.clone();
        self.house.tasks.spawn(async move { worker.acknowledge(id, receipts, late, released, permit).await });
    }

    /// Waits until all of a frame is durable, and says so.
    async fn acknowledge(
        &self,
        id: Option<Value>,
        receipts: Vec<(TaskKey, Receipt)>,
        late: Vec<TaskReport>,
        released: Vec<TaskKey>,
        permit: OwnedSemaphorePermit,
    ) {
        let mut settled = released;
        for (key, receipt) in receipts {
            match receipt.await {
                Ok(answer) if is_final(&answer) => settled.push(key),
                // The server is stopping. The worker says it again to the next one.
                _ => {}
            }
        }
        let mut looked_up = HashSet::new();
        for report in late {
            let key = report.key.clone();
            if self.is_final_late(report, &mut looked_up).await {
                settled.push(key);
            }
        }
        self.state().outgoing.acknowledge(id, settled, permit);
        self.line.wake();
    }

    /// A report of a task this worker does not have here (any more).
    async fn is_final_late(&self, report: TaskReport, looked_up: &mut HashSet<ExecutionId>) -> bool {
        if self.house.is_held(&report.key) {
            tracing::warn!(task = %report.key, worker = %self.name, "a report for a task that another worker has");
            return true;
        }
        let (id, worker) = (report.key.execution_id, self.name.to_string());
        let input = match self.house.place(report, &self.join.protocols, looked_up).await {
            Ok(Placed::Open(report)) => Input::Report { report, worker },
            Ok(Placed::Settled(report)) => Input::Late { outcome: report.outcome.name(), key: report.key, worker },
            Ok(Placed::Foreign) => {
                tracing::warn!(execution = %id, %worker, "a report of a task whose protocol the worker does not have");
                return true;
            }
            Ok(Placed::Unreadable { key, why }) => {
                tracing::warn!(task = %key, %worker, why, "a report that came after a restart cannot be taken");
                Input::Lost { key, worker, reason: why }
            }
            Err(problem) => {
                tracing::warn!(execution = %id, %worker, %problem, "whose task was reported cannot be found out");
                return is_final(&Err(problem));
            }
        };
        is_final(&self.house.driver.ask(|reply| Message::Tell { id, input, reply }).await)
    }

    fn heartbeat(&self, frame: WorkerHeartbeat) {
        let now = Instant::now();
        let mut state = self.state();
        let State { running, outgoing, .. } = &mut *state;
        let mut foreign = false;
        for key in frame.tasks {
            match running.get_mut(&key) {
                Some(running) => running.heard = now,
                None => {
                    outgoing.cancel_foreign(key);
                    foreign = true;
                }
            }
        }
        let own = |note: TaskNote| Some((running.get(&note.key)?.redaction.clone(), note));
        let notes: Vec<(Arc<Redaction>, TaskNote)> = frame.progress.into_iter().filter_map(own).collect();
        drop(state);
        if foreign {
            self.line.wake();
        }
        for (redaction, note) in notes {
            let (environment, note) = (&self.house.environment, progress::hidden(note, &redaction));
            self.house.publish(progress::event(environment.id(), environment.now(), &self.name, note));
        }
    }

    fn drain(&self, id: Option<Value>) {
        {
            let mut state = self.state();
            if state.standing == Standing::Here {
                state.standing = Standing::Draining;
            }
            state.outgoing.drain(id);
        }
        self.line.wake();
    }
}

/// Whether a report need not be said again.
fn is_final(answer: &Result<(), Problem>) -> bool {
    answer.as_ref().err().is_none_or(|problem| !problem.temporary)
}
