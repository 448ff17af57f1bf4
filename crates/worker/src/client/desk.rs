//! What a worker has, and what it has to say.
//!
//! It outlives connections. What was said and not acknowledged is said again over the next one.

mod reports;

use super::notes::Notes;
use crate::{Run, progress::Told};
use protocol::{
    TaskKey, TaskReport,
    frame::{
        FromWorker,
        worker::{WorkerDrain, WorkerHeartbeat, WorkerJoin},
    },
};
use reports::{Ended, encode, fitted, reports};
use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

/// How soon progress is sent.
const NEWS: Duration = Duration::from_millis(100);

pub(super) struct Desk {
    state: Mutex<State>,
    /// There may be something to send. One waiter: the connection.
    pub(super) changed: Notify,
    /// A task ended or was acknowledged. One waiter: who wants to leave.
    pub(super) settled: Notify,
}

struct State {
    join: WorkerJoin,
    running: HashMap<TaskKey, Running>,
    /// Ended, and not said over this connection.
    ended: VecDeque<Ended>,
    /// Said over this connection, by the id of the frame.
    sent: BTreeMap<u64, Vec<Ended>>,
    next: u64,
    notes: Notes,
    link: Option<Link>,
    drains: bool,
}

/// What the connection of now has brought.
struct Link {
    frame_bytes: usize,
    is_join_due: bool,
    heartbeat: Option<Duration>,
    beat_at: Instant,
    is_drain_due: bool,
    has_drained: bool,
}

struct Running {
    switch: watch::Sender<bool>,
    heartbeat: Option<Duration>,
    is_cancelled: bool,
}

impl Desk {
    pub(super) fn new(join: WorkerJoin) -> Self {
        Self {
            state: Mutex::new(State {
                join,
                running: HashMap::new(),
                ended: VecDeque::new(),
                sent: BTreeMap::new(),
                next: 0,
                notes: Notes::default(),
                link: None,
                drains: false,
            }),
            changed: Notify::new(),
            settled: Notify::new(),
        }
    }

    /// A connection is open, and takes frames up to this size.
    pub(super) fn connected(&self, frame_bytes: u32) {
        let mut state = self.state();
        let unsaid = std::mem::take(&mut state.sent).into_values().flatten();
        let unsaid: Vec<Ended> = unsaid.collect();
        for ended in unsaid.into_iter().rev() {
            state.ended.push_front(ended);
        }
        let is_drain_due = state.drains;
        state.link = Some(Link {
            frame_bytes: frame_bytes as usize,
            is_join_due: true,
            heartbeat: None,
            beat_at: Instant::now(),
            is_drain_due,
            has_drained: false,
        });
        drop(state);
        self.changed.notify_one();
    }

    pub(super) fn disconnected(&self) {
        self.state().link = None;
        self.settled.notify_one();
    }

    pub(super) fn joined(&self, heartbeat_ms: u64) {
        if let Some(link) = &mut self.state().link {
            link.heartbeat = Some(Duration::from_millis(heartbeat_ms.max(1)));
            link.beat_at = Instant::now();
        }
        self.changed.notify_one();
    }

    /// A task came. `None`: it is here already, or has ended here.
    pub(super) fn begin(&self, key: &TaskKey, heartbeat_ms: Option<u64>) -> Option<watch::Receiver<bool>> {
        let mut state = self.state();
        let is_known = state.running.contains_key(key)
            || state.ended.iter().chain(state.sent.values().flatten()).any(|ended| ended.key == *key);
        if is_known {
            return None;
        }
        let (switch, cancelled) = watch::channel(false);
        let heartbeat = heartbeat_ms.map(Duration::from_millis);
        state.running.insert(key.clone(), Running { switch, heartbeat, is_cancelled: false });
        drop(state);
        if heartbeat.is_some() {
            self.changed.notify_one();
        }
        Some(cancelled)
    }

    /// A task ended.
    pub(super) fn end(&self, key: &TaskKey, run: Run, duration_ms: u64) {
        let frame_bytes = self.state().link.as_ref().map(|link| link.frame_bytes);
        let report = TaskReport { key: key.clone(), outcome: run.outcome, duration_ms, logs: run.logs };
        let report = fitted(report, frame_bytes.unwrap_or(usize::MAX));
        self.end_as(key, Some(report));
    }

    /// A task is given back.
    pub(super) fn release(&self, key: &TaskKey) {
        self.end_as(key, None);
    }

    fn end_as(&self, key: &TaskKey, report: Option<String>) {
        let mut state = self.state();
        state.notes.remove(key);
        let is_cancelled = state.running.remove(key).is_some_and(|running| running.is_cancelled);
        let report = report.filter(|_| !is_cancelled);
        state.ended.push_back(Ended { key: key.clone(), report });
        drop(state);
        self.changed.notify_one();
        self.settled.notify_one();
    }

    pub(super) fn tell(&self, key: &TaskKey, told: Told) {
        let mut state = self.state();
        if state.running.contains_key(key) {
            state.notes.add(key, told);
            drop(state);
            self.changed.notify_one();
        }
    }

    /// The server does not want these any more.
    pub(super) fn cancel(&self, keys: &[TaskKey]) {
        let mut state = self.state();
        for key in keys {
            if let Some(running) = state.running.get_mut(key) {
                running.is_cancelled = true;
                running.switch.send_replace(true);
            }
        }
    }

    /// Everything that runs is stopped and given back.
    pub(super) fn cancel_all(&self) {
        for running in self.state().running.values_mut() {
            running.is_cancelled = true;
            running.switch.send_replace(true);
        }
    }

    /// A frame of reports was answered. What was not settled is said again after the next reconnect.
    pub(super) fn reported(&self, id: Option<u64>, settled: &[TaskKey]) {
        let mut state = self.state();
        if let Some(id) = id
            && let Some(mut sent) = state.sent.remove(&id)
        {
            let settled: HashSet<&TaskKey> = settled.iter().collect();
            sent.retain(|ended| !settled.contains(&ended.key));
            if !sent.is_empty() {
                state.sent.insert(id, sent);
            }
        }
        drop(state);
        self.settled.notify_one();
    }

    /// It is about to leave.
    pub(super) fn drain(&self) {
        let mut state = self.state();
        state.drains = true;
        if let Some(link) = &mut state.link {
            link.is_drain_due = true;
        }
        drop(state);
        self.changed.notify_one();
    }

    pub(super) fn drained(&self) {
        if let Some(link) = &mut self.state().link {
            link.has_drained = true;
        }
        self.settled.notify_one();
    }

    /// Nothing runs, everything is acknowledged, and nothing more will come.
    pub(super) fn is_done(&self) -> bool {
        let state = self.state();
        let is_empty = state.running.is_empty() && state.ended.is_empty() && state.sent.is_empty();
        is_empty && state.link.as_ref().is_none_or(|link| link.has_drained)
    }

    /// Resolves when [`Desk::is_done`].
    pub(super) async fn done(&self) {
        while !self.is_done() {
            self.settled.notified().await;
        }
    }

    /// Reports that no server has acknowledged.
    pub(super) fn unreported(&self) -> usize {
        let state = self.state();
        let unsaid = state.ended.iter().chain(state.sent.values().flatten());
        unsaid.filter(|ended| ended.report.is_some()).count()
    }

    /// When the next heartbeat is due. `None` while there is no one to hear it.
    pub(super) fn beat_at(&self) -> Option<Instant> {
        let state = self.state();
        let link = state.link.as_ref()?;
        let tasks = state.running.values().filter_map(|running| running.heartbeat).map(|limit| limit / 3);
        let news = (!state.notes.is_empty()).then_some(NEWS);
        let period = tasks.chain(news).chain(link.heartbeat).min()?;
        link.heartbeat.map(|_| link.beat_at + period)
    }

    /// The next frame to send over the connection of now.
    pub(super) fn next(&self) -> Option<String> {
        let beat_at = self.beat_at();
        let mut state = self.state();
        let State { join, running, ended, sent, next, notes, link, .. } = &mut *state;
        let link = link.as_mut()?;
        if std::mem::take(&mut link.is_join_due) {
            let tasks = running.keys().cloned().collect();
            return Some(encode(&FromWorker::Join(WorkerJoin { tasks, ..join.clone() })));
        }
        // Before it is taken in nothing else is heard.
        link.heartbeat?;
        if std::mem::take(&mut link.is_drain_due) {
            return Some(encode(&FromWorker::Drain(WorkerDrain::default())));
        }
        if !ended.is_empty() {
            *next += 1;
            let (frame, batch) = reports(*next, ended);
            sent.insert(*next, batch);
            return Some(frame);
        }
        if beat_at.is_some_and(|at| at <= Instant::now()) {
            link.beat_at = Instant::now();
            let heartbeat = WorkerHeartbeat { tasks: running.keys().cloned().collect(), progress: notes.take() };
            return Some(encode(&FromWorker::Heartbeat(heartbeat)));
        }
        None
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
