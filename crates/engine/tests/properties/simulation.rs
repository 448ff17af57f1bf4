//! One execution driven by chance: workers take tasks, finish, fail and are lost, people answer, pause, resume and
//! cancel, time passes, and messages come twice and late. Every decision is checked as it is made.

use crate::{generated::Plan, scenario};
use engine::{Execution, Input, NewTask, Playbook, Reuse, evaluate, refusal, wake_at};
use protocol::{
    Event, ExecutionId, Phase, Task, TaskError, TaskKey, TaskPart, TaskReport, Timestamp,
    event::Origin,
    task::{Logs, TaskOutcome},
};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What chance may do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    pub losses: bool,
    pub pauses: bool,
    /// At this turn somebody cancels it.
    pub cancel_at: Option<usize>,
}

/// Everything that was given and everything it led to.
pub struct History {
    /// Input, its time, and how many events the log had after it.
    pub inputs: Vec<(Input, Timestamp, usize)>,
    pub log: Vec<(Event, Timestamp)>,
    pub end: Execution,
}

pub fn id() -> ExecutionId {
    "01998c4e-9c1b-7d2e-8a10-0123456789ab".parse().unwrap()
}

/// Runs a plan from the start to its end.
pub fn run(plan: &Plan, order: &[u16], faults: Faults) -> History {
    let playbook = scenario::parse(&plan.source());
    Simulation::of(plan, &playbook, order, faults, Execution::new(id())).started(None)
}

/// Runs a plan as a rerun.
pub fn rerun(plan: &Plan, order: &[u16], reuse: Reuse) -> History {
    let playbook = scenario::parse(&plan.source());
    let other = "01998c4e-9c1b-7d2e-8a10-ffffffffffff".parse().unwrap();
    Simulation::of(plan, &playbook, order, Faults::default(), Execution::new(other)).started(Some(Arc::new(reuse)))
}

/// Goes on from a state that was folded, with the tasks it says are open, until the end.
pub fn go_on(plan: &Plan, order: &[u16], execution: Execution, log: &[(Event, Timestamp)]) -> History {
    let playbook = scenario::parse(&plan.source());
    let mut simulation = Simulation::of(plan, &playbook, order, Faults::default(), execution);
    simulation.recover(log);
    simulation.drive()
}

struct Simulation<'a> {
    plan: &'a Plan,
    playbook: &'a Playbook,
    order: &'a [u16],
    drawn: usize,
    faults: Faults,
    execution: Execution,
    now: Timestamp,
    history: History,
    /// The task table.
    open: Vec<Open>,
    /// Attempts whose workers were lost: they may report after all.
    lost: Vec<Arc<Task>>,
    losses: BTreeMap<Work, u32>,
    /// What the engine waits for, as the events tell it.
    waits: BTreeMap<(String, u32), Wait>,
    pauses: u32,
    early_signals: u32,
}

/// A piece of work, whichever attempt it is at: step, visit, item, part.
type Work = (String, u32, Option<u32>, TaskPart);

fn work(key: &TaskKey) -> Work {
    (key.step.clone(), key.visit, key.item, key.part)
}

struct Open {
    task: Arc<Task>,
    due: Timestamp,
    is_claimed: bool,
}

struct Wait {
    until: Option<Timestamp>,
    /// Of an approval the step's name.
    signal: Option<String>,
    is_approval: bool,
}

/// One thing that may happen next.
enum Move {
    Claim(TaskKey),
    Report(Arc<Task>),
    Lose(Arc<Task>),
    ReportLate(Arc<Task>),
    Send { name: String, step: String, visit: u32 },
    Tick(Timestamp),
    Sleep(Timestamp),
}

impl<'a> Simulation<'a> {
    fn of(plan: &'a Plan, playbook: &'a Playbook, order: &'a [u16], faults: Faults, execution: Execution) -> Self {
        let history = History { inputs: Vec::new(), log: Vec::new(), end: execution.clone() };
        Self {
            plan,
            playbook,
            order,
            drawn: 0,
            faults,
            execution,
            now: Timestamp(1_000),
            history,
            open: Vec::new(),
            lost: Vec::new(),
            losses: BTreeMap::new(),
            waits: BTreeMap::new(),
            pauses: 0,
            early_signals: 0,
        }
    }

    fn started(mut self, reuse: Option<Arc<Reuse>>) -> History {
        self.give(Input::Start {
            path: "tests/t".into(),
            version: 1,
            input: Arc::new(json!({})),
            origin: Origin::default(),
            reuse,
        });
        self.drive()
    }

    /// What a server finds that takes the execution up: the state, and the tasks of the table, claims included.
    fn recover(&mut self, log: &[(Event, Timestamp)]) {
        let mut due = BTreeMap::new();
        for (event, time) in log {
            self.now = self.now.max(*time);
            self.note(event);
            if let Event::RetryScheduled(e) = event {
                due.insert(((e.step.clone(), e.visit, e.item, e.part), e.attempt), e.due);
            }
        }
        for key in self.execution.open_tasks() {
            let is_claimed = self.execution.is_claimed(&key);
            let due = due.get(&(work(&key), key.attempt)).copied().unwrap_or(self.now);
            let task = Task {
                key,
                protocol: "noop".into(),
                config: Arc::default(),
                input: Arc::default(),
                timeout_ms: 1,
                heartbeat_ms: None,
                priority: 0,
                credentials: Default::default(),
            };
            self.open.push(Open { task: Arc::new(task), due, is_claimed });
        }
    }

    fn drive(mut self) -> History {
        let mut turn = 0;
        while self.execution.phase() != Phase::Completed {
            turn += 1;
            assert!(turn < 40_000, "no end in sight: {}", self.plan.source());
            self.now = self.now.plus_ms(self.draw(50) as u64);
            if self.faults.cancel_at.is_some_and(|at| turn >= at) && !self.execution.is_cancelling() {
                self.give(Input::Cancel { reason: "r".into(), by: "b".into() });
            } else if !self.history.inputs.is_empty() && self.draw(12) == 0 {
                self.repeat();
            } else if !self.control() {
                self.act();
            }
        }
        self.history.end = self.execution;
        self.history
    }

    /// Below `n`; the same for the same order.
    fn draw(&mut self, n: usize) -> usize {
        let number = usize::from(self.order[self.drawn % self.order.len()]) + self.drawn / self.order.len();
        self.drawn += 1;
        (number.wrapping_mul(0x9e37_79b9) >> 8) % n
    }

    /// Pauses or resumes; false when it did neither.
    fn control(&mut self) -> bool {
        if self.execution.is_paused() {
            let resumes = self.draw(4) == 0;
            if resumes {
                self.give(Input::Resume { by: "b".into() });
            }
            return resumes;
        }
        let pauses = self.faults.pauses && self.pauses < 5 && self.draw(10) == 0;
        if pauses {
            self.pauses += 1;
            self.give(Input::Pause { reason: "r".into(), by: "b".into() });
        }
        pauses
    }

    fn act(&mut self) {
        let mut moves = self.moves();
        if moves.is_empty() {
            assert!(self.execution.is_paused(), "nothing can happen any more: {}", self.plan.source());
            return self.give(Input::Resume { by: "b".into() });
        }
        let choice = self.draw(moves.len());
        match moves.swap_remove(choice) {
            Move::Claim(key) => {
                self.give(Input::Claim { key: key.clone(), worker: "w".into() });
                assert!(self.execution.is_claimed(&key), "{key} is due and was not to be had");
            }
            Move::Report(task) => {
                let before = self.history.log.len();
                self.give(scenario::report(self.answer(&task)));
                assert!(self.history.log.len() > before, "a report that counts was lost: {}", task.key);
            }
            Move::Lose(task) => {
                *self.losses.entry(work(&task.key)).or_default() += 1;
                self.give(Input::Lost { key: task.key.clone(), worker: "w".into(), reason: "gone".into() });
                self.lost.push(task);
            }
            Move::ReportLate(task) => {
                let before = self.execution.clone();
                self.give(scenario::report(self.answer(&task)));
                let told = &self.history.log[self.history.log.len() - 1].0;
                assert!(matches!(told, Event::ReportLate(_)), "{told:?}");
                let open = |execution: &Execution| execution.open_tasks().collect::<Vec<_>>();
                assert_eq!(open(&before), open(&self.execution), "a late report changes nothing");
            }
            Move::Send { name, step, visit } => {
                let data = Arc::new(json!({ "n": self.plan.number(&step, visit) }));
                let input = Input::Signal { name, visit: None, data, by: "ann".into() };
                assert_eq!(refusal(self.playbook, &self.execution, &input), None);
                self.give(input);
            }
            Move::Tick(at) => {
                self.now = self.now.max(at);
                self.give(Input::Tick);
                let next = wake_at(self.playbook, &self.execution);
                assert!(next.is_none_or(|next| next > self.now), "a tick leaves nothing that is due");
            }
            Move::Sleep(due) => self.now = self.now.max(due),
        }
    }

    fn moves(&mut self) -> Vec<Move> {
        let mut moves = Vec::new();
        for open in &self.open {
            let losses = self.losses.get(&work(&open.task.key)).copied().unwrap_or(0);
            // Five losses fail a step, which tame plans do not.
            // A child execution is nobody's to lose.
            let is_child = open.task.protocol == "playbook";
            let may_lose = self.faults.losses && !is_child && losses < if self.plan.fails { 5 } else { 4 };
            let is_doomed = may_lose && self.plan.is_doomed(&open.task.key.step);
            if open.is_claimed || open.due <= self.now {
                if !is_doomed {
                    moves.push(Move::Report(open.task.clone()));
                }
                moves.push(match open.is_claimed {
                    true if may_lose => Move::Lose(open.task.clone()),
                    true => Move::Report(open.task.clone()),
                    false => Move::Claim(open.task.key.clone()),
                });
            } else {
                moves.push(Move::Sleep(open.due));
            }
        }
        moves.extend(self.lost.pop().map(Move::ReportLate));
        for ((step, visit), wait) in &self.waits {
            let comes = wait.until.is_none() || !self.plan.is_doomed(step);
            if let Some(name) = wait.signal.as_ref().filter(|_| comes) {
                moves.push(Move::Send { name: name.clone(), step: step.clone(), visit: *visit });
            }
        }
        let unwaited = self.playbook.signals().find(|name| name.starts_with("go-"));
        if let Some(name) = unwaited.filter(|_| self.plan.fails && self.early_signals < 2) {
            self.early_signals += 1;
            moves.push(Move::Send { name: name.to_owned(), step: "early".into(), visit: 1 });
        }
        moves.extend(wake_at(self.playbook, &self.execution).map(Move::Tick));
        moves
    }

    /// Says again what was said before: it counts once.
    fn repeat(&mut self) {
        let choice = self.draw(self.history.inputs.len());
        let old = self.history.inputs[choice].0.clone();
        let again = evaluate(self.playbook, &self.execution, old.clone(), self.now);
        let may_count = match &old {
            // Two signals are two signals, and whoever pauses twice after a resume pauses twice.
            Input::Signal { .. } | Input::Pause { .. } | Input::Resume { .. } => true,
            Input::Tick => wake_at(self.playbook, &self.execution).is_some_and(|at| at <= self.now),
            // What a pause took back is handed out under the same key.
            Input::Claim { key, .. } => self.open.iter().any(|open| open.task.key == *key && !open.is_claimed),
            Input::Report { report, .. } => {
                let is_late = matches!(&again.events[..], [Event::ReportLate(_)]);
                is_late && self.lost.iter().any(|task| task.key == report.key)
            }
            _ => false,
        };
        assert!(may_count || again.events.is_empty(), "{old:?} counted twice: {:?}", again.events);
    }

    /// What the provider answers to a task: always the same for the same task.
    fn answer(&self, task: &Task) -> TaskReport {
        let TaskKey { step, visit, .. } = &task.key;
        let outcome = if self.plan.fails(&task.key) {
            TaskOutcome::Failed { error: TaskError::new("told", "told to fail"), result: None }
        } else {
            TaskOutcome::Completed { result: Arc::new(json!({ "n": self.plan.number(step, *visit) })) }
        };
        TaskReport { key: task.key.clone(), outcome, duration_ms: 1, logs: Logs::default() }
    }

    fn give(&mut self, input: Input) {
        let decision = evaluate(self.playbook, &self.execution, input.clone(), self.now);
        let mut folded = self.execution.clone();
        for event in &decision.events {
            folded.apply(event, self.now);
            self.note(event);
            self.history.log.push((event.clone(), self.now));
        }
        assert_eq!(folded, decision.next, "the decision's state is the fold");
        assert!(decision.next.phase() >= self.execution.phase(), "phases never go back");
        self.execution = decision.next;
        self.history.inputs.push((input, self.now, self.history.log.len()));
        for key in &decision.settled {
            assert!(self.open.iter().any(|open| open.task.key == *key), "{key} was not open");
        }
        self.open.retain(|open| !decision.settled.contains(&open.task.key));
        self.open.extend(decision.tasks.into_iter().map(|NewTask { task, due }| Open { task, due, is_claimed: false }));
        for open in &mut self.open {
            open.is_claimed |= self.execution.is_claimed(&open.task.key);
        }
        self.check(decision.wake_at);
    }

    /// Task table, events and state agree; nothing is waited for that nobody will notice.
    fn check(&self, told: Option<Timestamp>) {
        let known: BTreeSet<TaskKey> = self.execution.open_tasks().collect();
        let open: BTreeSet<TaskKey> = self.open.iter().map(|open| open.task.key.clone()).collect();
        assert_eq!(open, known, "task table and state agree");

        let is_under_way = self.execution.phase() == Phase::InProgress;
        let limit = self.plan.timeout_s.zip(self.execution.started_at()).filter(|_| is_under_way);
        let limit = limit.map(|(seconds, begun)| begun.plus_ms(u64::from(seconds) * 1_000));
        let expect = self.waits.values().filter_map(|wait| wait.until).chain(limit).min();
        assert_eq!(told, expect, "the next moment that counts");
        assert_eq!(wake_at(self.playbook, &self.execution), expect);

        let waits_for_somebody = self.waits.values().any(|wait| wait.signal.is_some() || wait.is_approval);
        let is_explained = !open.is_empty() || told.is_some() || waits_for_somebody || self.execution.is_paused();
        assert!(!is_under_way || is_explained, "nothing is open and nothing is waited for: {}", self.plan.source());
    }

    fn note(&mut self, event: &Event) {
        match event {
            Event::ActionStarted(e) if e.until.is_some() || e.signal.is_some() => {
                let wait = Wait { until: e.until, signal: e.signal.clone(), is_approval: false };
                self.waits.insert((e.step.clone(), e.visit), wait);
            }
            Event::ApprovalRequested(e) => {
                let wait = Wait { until: e.due, signal: Some(e.step.clone()), is_approval: true };
                self.waits.insert((e.step.clone(), e.visit), wait);
            }
            Event::ActionCompleted(e) => drop(self.waits.remove(&(e.step.clone(), e.visit))),
            Event::ActionFailed(e) => drop(self.waits.remove(&(e.step.clone(), e.visit))),
            Event::ExecutionCancelled(_) | Event::ExecutionComplete(_) => self.waits.clear(),
            _ => {}
        }
    }
}
