//! Iterators over four cities, and what tests do to their items.

use crate::scenario::{Run, completed, report, workflow};
use engine::Input;
use protocol::{
    Event, Task, TaskError, TaskKey, TaskReport,
    event::{IteratorCompleted, IteratorStarted},
    task::TaskOutcome,
};
use serde_json::{Value, json};
use std::sync::Arc;

const CITIES: &str = "[{name: Oslo, n: 7}, {name: Rome, n: 3}, {name: Bern, n: 1}, {name: Lima, n: 9}]";

/// An iterator over four cities with these fields, and what follows.
pub(super) fn cities(fields: &str) -> Run {
    let steps = format!(
        "
  - {{step: start, next: each}}
  - {{step: each, type: iterator, collection: '{{{{ workload.cities }}}}', element: city, {fields}, next: end}}
  - {{step: end, result: '{{{{ each }}}}'}}
"
    );
    let mut run = Run::of(&format!("{}workload: {{cities: {CITIES}, least: 2, many: 2}}\n", workflow(&steps)));
    run.start(json!(null));
    run
}

/// The numbers of the open items, oldest first.
pub(super) fn open(run: &Run) -> Vec<u32> {
    run.tasks.iter().filter_map(|task| task.key.item).collect()
}

pub(super) fn item(run: &Run, item: u32) -> Arc<Task> {
    let found = run.tasks.iter().find(|task| task.key.item == Some(item));
    found.unwrap_or_else(|| panic!("no task of item {item}; there are {:?}", open(run))).clone()
}

pub(super) fn complete(run: &mut Run, number: u32, result: Value) {
    let key = item(run, number).key.clone();
    run.input(Input::Claim { key: key.clone(), worker: "w".into() });
    run.input(report(completed(key, result)));
}

pub(super) fn fail(run: &mut Run, number: u32) {
    let key = item(run, number).key.clone();
    run.input(failed(key));
}

pub(super) fn failed(key: TaskKey) -> Input {
    let outcome = TaskOutcome::Failed { error: TaskError::new("boom", "no luck"), result: None };
    report(TaskReport { key, outcome, duration_ms: 1, logs: Default::default() })
}

pub(super) fn begun(run: &Run) -> IteratorStarted {
    let found = run.log.iter().find_map(|(event, _)| match event {
        Event::IteratorStarted(event) => Some(event.clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no iterator has begun: {:?}", run.lines()))
}

pub(super) fn ended(run: &Run) -> IteratorCompleted {
    let found = run.log.iter().find_map(|(event, _)| match event {
        Event::IteratorCompleted(event) => Some(event.clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no iterator has ended: {:?}", run.lines()))
}

/// The names of the items, in the order in which they are run.
pub(super) fn names(fields: &str) -> Vec<String> {
    let items = begun(&cities(&format!("{fields}, task: {{type: noop}}"))).items;
    let name = |item: &Value| match item {
        Value::Array(batch) => batch.iter().map(|city| city["name"].as_str().unwrap()).collect::<Vec<_>>().join("+"),
        city => city["name"].as_str().unwrap().to_owned(),
    };
    items.as_array().unwrap().iter().map(name).collect()
}
