//! What a worker has, and what it has to say.
//!
//! It outlives connections. What was said and not acknowledged is said again over the next one.

use super::notes::Notes;
use crate::{Run, progress::Told};
use protocol::{
    TaskError, TaskKey, TaskReport,
    frame::{
        FromWorker,
        worker::{WorkerDrain, WorkerHeartbeat, WorkerJoin},
    },
};
use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

/// Reports in one frame.
const REPORTS: usize = 64;
/// Bytes after which a frame of reports is full.
const FRAME_BYTES: usize = 1 << 20;
/// What a frame of reports is more than its reports.
const FRAME_EXTRA: usize = 1 << 10;
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

/// A task that ended: with a report, or released without one.
struct Ended {
    key: TaskKey,
    report: Option<String>,
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

/// `worker_reports`, put together from reports that were written when their tasks ended.
fn reports(id: u64, ended: &mut VecDeque<Ended>) -> (String, Vec<Ended>) {
    let (mut reports, mut released, mut batch) = (String::new(), Vec::new(), Vec::new());
    while batch.len() < REPORTS
        && let Some(next) = ended.front()
        && (batch.is_empty() || reports.len() + next.report.as_ref().map_or(0, String::len) <= FRAME_BYTES)
        && let Some(next) = ended.pop_front()
    {
        match &next.report {
            Some(report) => {
                if !reports.is_empty() {
                    reports.push(',');
                }
                reports.push_str(report);
            }
            None => released.push(next.key.clone()),
        }
        batch.push(next);
    }
    let released = if released.is_empty() { String::new() } else { format!(r#","released":{}"#, encode(&released)) };
    (format!(r#"{{"type":"worker_reports","id":{id},"reports":[{reports}]{released}}}"#), batch)
}

/// A report the server takes. One that is larger than its largest frame becomes a failure that says so.
fn fitted(report: TaskReport, frame_bytes: usize) -> String {
    let text = encode(&report);
    if text.len() + FRAME_EXTRA <= frame_bytes {
        return text;
    }
    let message = format!(
        "what the action returned cannot be sent: it is {} bytes, and {frame_bytes} is the limit; return less, put large \
         data into a file and return its path",
        text.len()
    );
    let run = Run::failed(TaskError::new("result_refused", message));
    encode(&TaskReport { key: report.key, outcome: run.outcome, duration_ms: report.duration_ms, logs: run.logs })
}

fn encode(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("frames have string keys and no failing types")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

    use super::*;
    use protocol::{ExecutionId, TaskPart};
    use serde_json::{Value, json};
    use tokio::time::advance;
    use uuid::Uuid;

    const LARGE: u32 = 10 << 20;

    fn key(attempt: u32) -> TaskKey {
        let execution_id = ExecutionId(Uuid::nil());
        TaskKey { execution_id, step: "s".into(), visit: 1, attempt, part: TaskPart::Action, item: None }
    }

    fn run(result: Value) -> Run {
        Run::completed(result)
    }

    /// Connected and taken in.
    fn open(desk: &Desk, frame_bytes: u32) -> Value {
        desk.connected(frame_bytes);
        let join = next(desk).unwrap();
        assert_eq!(next(desk), None, "nothing before it is taken in");
        desk.joined(5_000);
        join
    }

    fn next(desk: &Desk) -> Option<Value> {
        desk.next().map(|frame| serde_json::from_str(&frame).unwrap())
    }

    fn attempts(keys: &Value) -> Vec<u64> {
        keys.as_array().unwrap().iter().map(|key| key["attempt"].as_u64().unwrap()).collect()
    }

    fn reported(frame: &Value) -> Vec<u64> {
        frame["reports"].as_array().unwrap().iter().map(|report| report["key"]["attempt"].as_u64().unwrap()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn reports_go_together_and_are_kept_until_they_are_acknowledged() {
        let desk = Desk::new(WorkerJoin::default());
        open(&desk, LARGE);
        for attempt in 1..=100 {
            assert!(desk.begin(&key(attempt), None).is_some());
            desk.end(&key(attempt), run(json!(attempt)), 1);
        }
        let (first, second) = (next(&desk).unwrap(), next(&desk).unwrap());
        assert_eq!((reported(&first).len(), reported(&second).len(), next(&desk)), (64, 36, None));
        assert_ne!(first["id"], second["id"]);
        let all_but_one: Vec<TaskKey> = (1..64).map(key).collect();
        desk.reported(first["id"].as_u64(), &all_but_one);
        desk.reported(Some(99), &[key(70)]);
        assert_eq!(desk.unreported(), 37);
        // Over the next connection the rest is said again, in order.
        desk.disconnected();
        assert_eq!(next(&desk), None);
        open(&desk, LARGE);
        let again = next(&desk).unwrap();
        assert_eq!(reported(&again), (64..=100).collect::<Vec<u64>>());
        assert!(desk.begin(&key(64), None).is_none(), "what has ended here is not begun again");
        desk.reported(again["id"].as_u64(), &(64..=100).map(key).collect::<Vec<_>>());
        assert_eq!((desk.unreported(), next(&desk)), (0, None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_task_is_released_and_not_reported() {
        let desk = Desk::new(WorkerJoin::default());
        open(&desk, LARGE);
        let cancelled = desk.begin(&key(1), None).unwrap();
        assert!(desk.begin(&key(1), None).is_none(), "once is enough");
        desk.cancel(&[key(1), key(2)]);
        assert!(*cancelled.borrow());
        desk.end(&key(1), run(json!("too late")), 1);
        let frame = next(&desk).unwrap();
        assert_eq!((reported(&frame).len(), attempts(&frame["released"])), (0, vec![1]));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_too_large_becomes_a_failure_that_says_so() {
        let desk = Desk::new(WorkerJoin::default());
        open(&desk, 64 << 10);
        desk.begin(&key(1), None);
        desk.end(&key(1), run(json!("x".repeat(70_000))), 1);
        let report = next(&desk).unwrap()["reports"][0].clone();
        assert_eq!((&report["outcome"], &report["error"]["code"]), (&json!("failed"), &json!("result_refused")));
    }

    #[tokio::test(start_paused = true)]
    async fn heartbeats_name_what_runs_and_come_as_often_as_the_most_impatient_task_wants() {
        let desk = Desk::new(WorkerJoin::default());
        open(&desk, LARGE);
        desk.begin(&key(1), None);
        assert_eq!(desk.beat_at().unwrap() - Instant::now(), Duration::from_secs(5));
        desk.begin(&key(2), Some(900));
        assert_eq!(desk.beat_at().unwrap() - Instant::now(), Duration::from_millis(300));
        assert_eq!(next(&desk), None);
        advance(Duration::from_millis(300)).await;
        let beat = next(&desk).unwrap();
        let mut named = attempts(&beat["tasks"]);
        named.sort_unstable();
        assert_eq!((beat["type"].as_str(), named), (Some("worker_heartbeat"), vec![1, 2]));
        assert_eq!(next(&desk), None);
        // News go sooner, the newest of each kind and all that was written.
        desk.tell(&key(1), Told::Percent(10.0));
        desk.tell(&key(1), Told::Percent(20.0));
        desk.tell(&key(1), Told::Stdout("a\n".into()));
        desk.tell(&key(1), Told::Stdout("b\n".into()));
        desk.tell(&key(9), Told::Percent(1.0));
        advance(NEWS).await;
        let beat = next(&desk).unwrap();
        let note = &beat["progress"][0];
        assert_eq!((&note["percent"], &note["logs"]["stdout"]), (&json!(20.0), &json!("a\nb\n")));
        assert_eq!(beat["progress"].as_array().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_done_when_the_server_knows_everything_and_sends_no_more() {
        let desk = Desk::new(WorkerJoin::default());
        open(&desk, LARGE);
        desk.begin(&key(1), None);
        desk.drain();
        assert_eq!(next(&desk).unwrap()["type"], "worker_drain");
        desk.drained();
        assert!(!desk.is_done(), "something runs");
        desk.end(&key(1), run(json!(1)), 1);
        let frame = next(&desk).unwrap();
        assert!(!desk.is_done(), "nobody has said that it is durable");
        // The connection ends, and over the next one it drains again.
        desk.disconnected();
        assert!(!desk.is_done());
        assert_eq!(open(&desk, LARGE)["type"], "worker_join");
        assert_eq!(next(&desk).unwrap()["type"], "worker_drain");
        assert_ne!(next(&desk).unwrap()["id"], frame["id"]);
        desk.reported(Some(2), &[key(1)]);
        assert!(!desk.is_done(), "a task may be on its way");
        desk.drained();
        assert!(desk.is_done());
    }

    #[tokio::test(start_paused = true)]
    async fn what_still_runs_is_named_when_it_joins_again() {
        let desk = Desk::new(WorkerJoin { name: "w".into(), ..WorkerJoin::default() });
        open(&desk, LARGE);
        desk.begin(&key(1), None);
        desk.disconnected();
        let join = open(&desk, LARGE);
        assert_eq!((join["name"].as_str(), attempts(&join["tasks"])), (Some("w"), vec![1]));
    }
}
