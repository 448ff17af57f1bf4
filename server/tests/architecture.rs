//! The arrows between the crates, as ARCHITECTURE.md draws them: a forbidden one fails here.

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

/// Who may use whom, among our own. A crate that is missing here may use nobody.
const ARROWS: &[(&str, &[&str])] = &[
    ("frontend", &["app"]),
    ("app", &["protocol", "runtime"]),
    ("server", &["app", "runtime", "hub", "store", "tools", "worker", "protocol"]),
    ("runtime", &["engine", "store", "hub", "worker", "protocol"]),
    ("engine", &["protocol"]),
    ("store", &["protocol"]),
    ("hub", &["protocol"]),
    ("worker", &["protocol"]),
    ("tools", &["worker", "protocol"]),
    ("testkit", &["protocol", "store"]),
    ("protocol", &[]),
    // The load generators drive the product from outside and from inside.
    ("bench", &["runtime", "store", "hub", "tools", "protocol"]),
];

/// Crates only these of ours may depend on directly. Names ending in `*` are prefixes.
const RESERVED: &[(&str, &[&str])] = &[
    ("sqlx*", &["store", "tools"]),
    ("rusqlite", &["store"]),
    ("leptos*", &["app", "frontend", "server"]),
    ("axum*", &["app", "server"]),
    ("reqwest", &["server", "tools", "bench"]),
];

/// What must not even be reachable from the pure crates, by any path that compiles into them.
const IMPURE: &[&str] = &[
    "tokio",
    "async-std",
    "smol",
    "sqlx*",
    "rusqlite",
    "libsqlite3-sys",
    "axum*",
    "hyper*",
    "reqwest",
    "leptos*",
    "chrono",
    "time",
    "jiff",
    "rand",
    "rand_core",
    "fastrand",
    "getrandom",
    "web-time",
    "instant",
    "futures-executor",
];
const PURE: &[&str] = &["protocol", "engine"];

struct Workspace {
    /// Package id → name.
    names: BTreeMap<String, String>,
    members: BTreeSet<String>,
    /// Package id → ids of its normal dependencies.
    uses: BTreeMap<String, Vec<String>>,
    /// Ways from a pure crate to everything compiled into it when it is built alone: `protocol → uuid`. (In the
    /// graph above features are unified: there `uuid` has what the runtime asked of it.)
    reach: BTreeMap<String, Vec<Vec<String>>>,
}

impl Workspace {
    fn read() -> Self {
        let platform = "x86_64-unknown-linux-gnu";
        let output = cargo(&["metadata", "--format-version", "1", "--filter-platform", platform]);
        let metadata: Value = serde_json::from_slice(&output).expect("cargo metadata is JSON");
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        let list = |value: &Value| value.as_array().expect("a list").clone();
        let is_normal = |dependency: &Value| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
        Self {
            names: list(&metadata["packages"])
                .iter()
                .map(|package| (text(&package["id"]), text(&package["name"])))
                .collect(),
            members: list(&metadata["workspace_members"]).iter().map(text).collect(),
            uses: list(&metadata["resolve"]["nodes"])
                .iter()
                .map(|node| {
                    let uses =
                        list(&node["deps"]).iter().filter(|dep| is_normal(dep)).map(|dep| text(&dep["pkg"])).collect();
                    (text(&node["id"]), uses)
                })
                .collect(),
            reach: PURE.iter().map(|name| ((*name).to_owned(), reach(name))).collect(),
        }
    }

    fn name(&self, id: &str) -> &str {
        &self.names[id]
    }
}

/// What is compiled into a crate built alone, each with its way there.
fn reach(name: &str) -> Vec<Vec<String>> {
    let output = cargo(&["tree", "--package", name, "--edges", "normal", "--prefix", "depth", "--format", " {p}"]);
    let mut way: Vec<String> = Vec::new();
    let mut ways = Vec::new();
    for line in String::from_utf8(output).expect("UTF-8").lines() {
        let mut words = line.split_whitespace();
        let depth: usize = words.next().expect("a depth").parse().expect("a number");
        way.truncate(depth);
        way.push(words.next().expect("a name").to_owned());
        ways.push(way.clone());
    }
    assert!(ways.len() > 1, "cargo tree of {name} is empty");
    ways
}

fn cargo(args: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO"))
        .args(args)
        .args(["--locked", "--offline", "--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")])
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => {
            name == prefix || name.starts_with(&format!("{prefix}-")) || name.starts_with(&format!("{prefix}_"))
        }
        None => name == pattern,
    }
}

/// Each forbidden arrow as a sentence.
fn forbidden(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for member in &workspace.members {
        let name = workspace.name(member);
        let allowed = ARROWS.iter().find(|(from, _)| *from == name).map_or(&[][..], |(_, to)| to);
        for used in &workspace.uses[member] {
            let used_name = workspace.name(used);
            if workspace.members.contains(used) && !allowed.contains(&used_name) {
                found.push(format!("{name} must not use {used_name}"));
            }
            for (pattern, owners) in RESERVED {
                if matches(pattern, used_name) && !owners.contains(&name) {
                    found.push(format!("{name} must not use {used_name}: only {owners:?} may"));
                }
            }
        }
        for way in workspace.reach.get(name).into_iter().flatten() {
            if way.last().is_some_and(|last| IMPURE.iter().any(|pattern| matches(pattern, last))) {
                found.push(format!("{name} must stay pure: {}", way.join(" → ")));
            }
        }
    }
    found
}

#[test]
fn no_forbidden_arrow() {
    let found = forbidden(&Workspace::read());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_crate_has_its_place() {
    let workspace = Workspace::read();
    for member in &workspace.members {
        let name = workspace.name(member);
        assert!(ARROWS.iter().any(|(known, _)| *known == name), "{name} has no place in ARROWS and ARCHITECTURE.md");
    }
}

/// A check that finds nothing must be able to find something.
#[test]
fn forbidden_arrows_are_found() {
    let names = ["protocol", "engine", "store", "sqlx-core", "worker"];
    let id = |name: &str| name.to_owned();
    let workspace = Workspace {
        names: names.iter().map(|name| (id(name), id(name))).collect(),
        members: ["protocol", "engine", "store", "worker"].iter().map(|name| id(name)).collect(),
        uses: [
            ("protocol", vec![]),
            ("engine", vec!["store"]),
            ("store", vec!["sqlx-core", "protocol"]),
            ("worker", vec!["sqlx-core"]),
            ("sqlx-core", vec![]),
        ]
        .into_iter()
        .map(|(from, to)| (id(from), to.into_iter().map(id).collect()))
        .collect(),
        reach: [
            (id("protocol"), vec![vec![id("protocol"), id("middle"), id("tokio")]]),
            (id("engine"), vec![vec![id("engine"), id("store"), id("sqlx-core")]]),
        ]
        .into(),
    };
    let found = forbidden(&workspace).join("\n");
    for expect in [
        "protocol must stay pure: protocol → middle → tokio",
        "engine must not use store",
        "engine must stay pure: engine → store → sqlx-core",
        "worker must not use sqlx-core",
    ] {
        assert!(found.contains(expect), "{expect} in\n{found}");
    }
    assert!(!found.contains("store must not"), "{found}");
}
