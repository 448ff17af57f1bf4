//! Runs one execution in virtual time: every decision is folded and compared with the engine's own state.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use engine::{Decision, Execution, Input, Playbook, evaluate, playbook};
use protocol::{
    Event, ExecutionId, Outcome, Phase, Task, TaskError, TaskKey, TaskReport, Timestamp,
    event::Origin,
    task::{Logs, TaskOutcome},
};
use serde_json::{Value, json};
use std::{collections::VecDeque, sync::Arc};

pub struct Run {
    pub playbook: Playbook,
    pub execution: Execution,
    pub log: Vec<(Event, Timestamp)>,
    pub tasks: Vec<Arc<Task>>,
    pub now: Timestamp,
}

pub fn parse(source: &str) -> Playbook {
    let parsed = playbook::parse(source);
    let problems: Vec<String> = parsed.diagnostics.iter().map(ToString::to_string).collect();
    parsed.playbook.unwrap_or_else(|| panic!("the playbook is wrong:\n{}", problems.join("\n")))
}

/// A playbook with this workflow.
pub fn workflow(steps: &str) -> String {
    format!("apiVersion: signalbox/v1\nkind: Playbook\nmetadata: {{name: t, path: tests/t}}\nworkflow:\n{steps}")
}

impl Run {
    pub fn of(source: &str) -> Self {
        let id: ExecutionId = "01998c4e-9c1b-7d2e-8a10-0123456789ab".parse().unwrap();
        Self {
            playbook: parse(source),
            execution: Execution::new(id),
            log: Vec::new(),
            tasks: Vec::new(),
            now: Timestamp(1_000_000),
        }
    }

    /// Parses a workflow and starts it.
    pub fn started(steps: &str) -> Self {
        let mut run = Self::of(&workflow(steps));
        run.start(json!(null));
        run
    }

    pub fn start(&mut self, input: Value) -> Decision {
        self.input(start(self.playbook.path(), input))
    }

    pub fn input(&mut self, input: Input) -> Decision {
        self.now = self.now.plus_ms(10);
        let before = self.execution.phase();
        let decision = evaluate(&self.playbook, &self.execution, input, self.now);
        for event in &decision.events {
            self.execution.apply(event, self.now);
            self.log.push((event.clone(), self.now));
        }
        assert_eq!(self.execution, decision.next, "the decision's state is the fold");
        assert!(self.execution.phase() >= before, "phases never go back");
        for key in &decision.settled {
            assert!(self.tasks.iter().any(|task| task.key == *key), "{key} is settled but was never open");
            self.tasks.retain(|task| task.key != *key);
        }
        self.tasks.extend(decision.tasks.iter().map(|new| new.task.clone()));
        let mut open: Vec<TaskKey> = self.tasks.iter().map(|task| task.key.clone()).collect();
        let mut known: Vec<TaskKey> = self.execution.open_tasks().collect();
        open.sort();
        known.sort();
        assert_eq!(open, known, "the task table is what the state says");
        decision
    }

    pub fn task(&self, step: &str) -> Arc<Task> {
        let found = self.tasks.iter().find(|task| task.key.step == step);
        found.unwrap_or_else(|| panic!("no task of `{step}`; there are {:?}", self.open())).clone()
    }

    pub fn open(&self) -> Vec<String> {
        self.tasks.iter().map(|task| task.key.step.clone()).collect()
    }

    pub fn claim(&mut self, step: &str) -> Decision {
        let key = self.task(step).key.clone();
        self.input(Input::Claim { key, worker: "w".into() })
    }

    /// Claims and completes a step's task.
    pub fn complete(&mut self, step: &str, result: Value) -> Decision {
        let key = self.task(step).key.clone();
        self.claim(step);
        self.input(report(completed(key, result)))
    }

    pub fn fail(&mut self, step: &str, message: &str) -> Decision {
        let key = self.task(step).key.clone();
        self.claim(step);
        let outcome = TaskOutcome::Failed { error: TaskError::new("boom", message), result: None };
        self.input(report(TaskReport { key, outcome, duration_ms: 5, logs: Logs::default() }))
    }

    /// Completes open tasks, oldest first, until none is left; `result` is asked for each.
    pub fn finish(&mut self, result: impl Fn(&Task) -> Value) {
        let mut queue: VecDeque<Arc<Task>> = self.tasks.iter().cloned().collect();
        while let Some(task) = queue.pop_front() {
            if self.tasks.iter().any(|open| open.key == task.key) {
                let decision = self.complete(&task.key.step, result(&task));
                queue.extend(decision.tasks.into_iter().map(|new| new.task));
            }
        }
        assert_eq!(self.execution.phase(), Phase::Completed, "nothing to do and not ended: {:#?}", self.lines());
    }

    /// `type(step)` of each event.
    pub fn lines(&self) -> Vec<String> {
        self.log
            .iter()
            .map(|(event, _)| match event.step() {
                Some(step) => format!("{}({step})", event.name()),
                None => event.name().to_owned(),
            })
            .collect()
    }

    pub fn result(&self) -> Value {
        (*self.execution.result().unwrap_or_else(|| panic!("not ended: {:#?}", self.lines()))).clone()
    }

    pub fn outcome(&self) -> Option<Outcome> {
        self.execution.outcome()
    }

    pub fn error(&self) -> TaskError {
        self.execution.error().unwrap_or_else(|| panic!("no error: {:?} {:#?}", self.outcome(), self.lines())).clone()
    }

    /// The arcs in the events, as `from→to` or `from-x-to` where not taken.
    pub fn arcs(&self) -> Vec<String> {
        let arcs = self.log.iter().flat_map(|(event, _)| match event {
            Event::ExecutionStart(e) => e.arcs.clone(),
            Event::StepCompleted(e) => e.arcs.clone(),
            Event::StepReused(e) => e.arcs.clone(),
            Event::StepFailed(e) => e.arcs.clone(),
            _ => Vec::new(),
        });
        arcs.map(|arc| format!("{}{}{}", arc.from, if arc.taken { "→" } else { "-x-" }, arc.to)).collect()
    }

    /// Input of a step's newest visit.
    pub fn input_of(&self, step: &str) -> Value {
        let found = self.log.iter().rev().find_map(|(event, _)| match event {
            Event::StepStarted(e) if e.step == step => Some((*e.input).clone()),
            _ => None,
        });
        found.unwrap_or_else(|| panic!("`{step}` was not started"))
    }
}

pub fn start(path: impl Into<String>, input: Value) -> Input {
    Input::Start { path: path.into(), version: 1, input: Arc::new(input), origin: Origin::default(), reuse: None }
}

/// One input, without the comparisons that take time; the new tasks.
pub fn decide(run: &mut Run, input: Input) -> Vec<Arc<Task>> {
    let decision = evaluate(&run.playbook, &run.execution, input, run.now);
    run.execution = decision.next;
    decision.tasks.into_iter().map(|new| new.task).collect()
}

/// The steps of a workflow, each the inside of a map.
pub fn steps(steps: &[&str]) -> String {
    steps.iter().fold(String::from("\n"), |all, step| format!("{all}  - {{{step}}}\n"))
}

pub fn signal(name: &str, data: Value) -> Input {
    Input::Signal { name: name.into(), visit: None, data: Arc::new(data), by: "ann".into() }
}

pub fn report(report: TaskReport) -> Input {
    Input::Report { report, worker: "w".into() }
}

pub fn completed(key: TaskKey, result: Value) -> TaskReport {
    TaskReport {
        key,
        outcome: TaskOutcome::Completed { result: Arc::new(result) },
        duration_ms: 5,
        logs: Logs::default(),
    }
}
