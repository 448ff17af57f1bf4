//! A connected worker as the driver sees it: somebody who runs tasks, or is lost with them.

use super::{
    STOP_GRACE,
    connected::{Connected, Ended, Stop},
    progress,
};
use crate::{
    credentials::Redaction,
    driver::{Done, Executor, Lost},
};
use async_trait::async_trait;
use protocol::{Task, TaskKey};
use std::{sync::Arc, time::Duration};
use worker::{Cancelled, Run};

/// Some of a worker's protocols, with places of their own.
pub(super) struct Remote {
    pub(super) worker: Arc<Connected>,
    pub(super) protocols: Vec<String>,
    pub(super) places: usize,
}

/// A task that is leased, until this is dropped: then the worker is told that it is not wanted any more, unless it
/// has ended.
struct Held<'a> {
    worker: &'a Connected,
    key: TaskKey,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.worker.forget(&self.key);
    }
}

#[async_trait]
impl Executor for Remote {
    fn name(&self) -> Arc<str> {
        self.worker.name.clone()
    }

    fn protocols(&self) -> Vec<String> {
        self.protocols.clone()
    }

    fn concurrency(&self) -> usize {
        self.places
    }

    fn is_open(&self) -> bool {
        self.worker.is_open()
    }

    async fn run(&self, task: Task, cancelled: Cancelled) -> Result<Done, Lost> {
        self.run_opened(task, Arc::new(Redaction::none()), cancelled).await
    }

    async fn run_opened(&self, task: Task, redaction: Arc<Redaction>, mut cancelled: Cancelled) -> Result<Done, Lost> {
        let heartbeat = task.heartbeat_ms.map(Duration::from_millis);
        let key = task.key.clone();
        let mut ended = self.worker.lease(task, redaction)?;
        let held = Held { worker: &self.worker, key };
        tokio::select! {
            ended = &mut ended => return done(ended),
            () = cancelled.wait() => {}
            silent = self.worker.silence(&held.key, heartbeat) => {
                return Err(Lost { reason: format!("no heartbeat of this task for {} ms", silent.as_millis()) });
            }
        }
        match self.worker.stop(&held.key) {
            Stop::Told => match tokio::time::timeout(STOP_GRACE, ended).await {
                Ok(ended) => done(ended),
                Err(_) => Err(Lost { reason: "cancelled".to_owned() }),
            },
            Stop::NothingToStop => Err(Lost { reason: "cancelled".to_owned() }),
        }
    }
}

fn done(ended: Result<Ended, tokio::sync::oneshot::error::RecvError>) -> Result<Done, Lost> {
    match ended {
        Ok(Ended::Report { report, receipt }) => Ok(Done {
            run: Run { outcome: report.outcome, logs: progress::tail(report.logs) },
            duration_ms: Some(report.duration_ms),
            receipt: Some(receipt),
        }),
        Ok(Ended::Lost(reason)) => Err(Lost { reason }),
        Err(_) => Err(Lost { reason: "the server forgot its worker".to_owned() }),
    }
}
