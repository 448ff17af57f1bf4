//! Every construct of the dialect, carried out: a case each, named by what it shows.
//!
//! `nothing_of_the_dialect_is_without_a_case` compares the fields that the cases use with those of the JSON Schema,
//! which is made of the tables the readers use: a new field or type without a case fails it.
#![allow(clippy::unwrap_used)]

mod arcs;
mod coverage;
mod defects;
mod document;
mod flow;
mod iterators;
mod people;
mod results;
mod saving;
#[path = "../scenario/mod.rs"]
mod scenario;
mod trying_again;
mod types;

use scenario::Run;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One construct: a playbook that has it, and what must come of it.
struct Case {
    name: &'static str,
    playbook: Value,
    show: Box<dyn Fn(&mut Run)>,
}

fn case(name: &'static str, playbook: Value, show: impl Fn(&mut Run) + 'static) -> Case {
    Case { name, playbook, show: Box::new(show) }
}

/// A playbook with this workflow. JSON is YAML.
fn of(workflow: Value) -> Value {
    json!({ "apiVersion": "signalbox/v1", "kind": "Playbook", "metadata": { "name": "t", "path": "tests/t" }, "workflow": workflow })
}

/// A playbook with these fields at the top besides.
fn with(more: Value, workflow: Value) -> Value {
    let mut playbook = of(workflow);
    playbook.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    playbook
}

fn all() -> Vec<Case> {
    [
        document::cases(),
        types::cases(),
        arcs::cases(),
        results::cases(),
        flow::cases(),
        iterators::cases(),
        saving::cases(),
        trying_again::cases(),
        people::cases(),
        defects::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Says which case it was.
struct Told(&'static str);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in the case `{}`", self.0);
        }
    }
}

#[test]
fn every_construct_does_what_the_dialect_says() {
    let mut names = BTreeSet::new();
    for Case { name, playbook, show } in all() {
        assert!(names.insert(name), "`{name}` is there twice");
        let _told = Told(name);
        show(&mut Run::of(&playbook.to_string()));
    }
    assert!(names.len() > 60, "{}", names.len());
}

#[test]
fn nothing_of_the_dialect_is_without_a_case() {
    let schema = engine::playbook::schema();
    let mut used = BTreeSet::new();
    for case in all() {
        coverage::used(&schema, &case.playbook, &mut used);
    }
    let missing: Vec<String> = coverage::known(&schema).difference(&used).cloned().collect();
    assert!(missing.is_empty(), "no case uses {missing:?}");
}
