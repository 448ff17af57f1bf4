//! The client libraries of other languages have the shapes this crate serialises: samples of it are in their tests, and
//! their compilers and tests read them. A change here that is not in the files fails; `SIGNALBOX_UPDATE=1` writes them
//! anew, and then the libraries' tests tell what to change there.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use protocol::{
    Event, Timestamp,
    event::{
        AgentState, AgentStatus, MemoryAction, MemoryTimeline, MetricCategory, PerformanceMetric, ResourceUsage,
        Severity, SystemAlert, WorkflowExecution, WorkflowStatus,
    },
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::{fs, path::Path};

/// A message with everything, once for each word that can be in it, and one with no more than it must have.
struct Samples {
    name: &'static str,
    full: Vec<Value>,
    minimal: Value,
}

#[test]
fn clients_have_the_samples_of_today() {
    let samples = [agent_states(), metrics(), workflows(), memories(), alerts()];
    check("clients/python/tests/samples.json", &python(&samples));
    check("clients/typescript/test/samples.ts", &typescript(&samples));
}

fn check(path: &str, expect: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if std::env::var_os("SIGNALBOX_UPDATE").is_some() {
        fs::write(&file, expect).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expect, "{path} is not what the protocol says: run this test with SIGNALBOX_UPDATE=1");
}

fn python(samples: &[Samples]) -> String {
    let messages = samples
        .iter()
        .map(|samples| (samples.name.to_owned(), json!({"full": samples.full, "minimal": samples.minimal})));
    let all = json!({"messages": Map::from_iter(messages), "event_types": Event::NAMES});
    format!("{}\n", serde_json::to_string_pretty(&all).unwrap())
}

fn typescript(samples: &[Samples]) -> String {
    let mut text = "// Written by crates/protocol/tests/clients.rs.\n\n\
        import type { EventData, Messages } from \"../src/index.js\";\nimport type { Minimal } from \"./shapes.js\";\n"
        .to_owned();
    for Samples { name, full, minimal } in samples {
        let full = serde_json::to_string_pretty(full).unwrap();
        let minimal = serde_json::to_string_pretty(&[minimal]).unwrap();
        text += &format!("\nexport const {name} = {full} satisfies Required<Messages[\"{name}\"]>[];\n");
        text += &format!("\nexport const minimal_{name} = {minimal} satisfies Minimal<Messages[\"{name}\"]>[];\n");
    }
    let names = serde_json::to_string_pretty(Event::NAMES).unwrap();
    text += &format!("\nexport const event_types = {names} as const satisfies readonly (keyof EventData)[];\n");
    text
}

fn agent_states() -> Samples {
    use AgentStatus::{Active, Busy, Error, Idle, Offline};
    let of = |status| match status {
        Idle | Active | Busy | Error | Offline => AgentState {
            agent_id: "agent-1".to_owned(),
            status,
            current_task: Some("Processing user request".to_owned()),
            resource_usage: ResourceUsage { cpu: 45.2, memory: 67.8, active_connections: 3 },
            metadata: some_map(),
            timestamp: Timestamp(1_763_712_000_000),
        },
    };
    let minimal = AgentState { current_task: None, metadata: None, ..of(Idle) };
    samples("agent_state", [Idle, Active, Busy, Error, Offline].map(of), minimal)
}

fn metrics() -> Samples {
    use MetricCategory::{Agent, Database, Network, System};
    let of = |category| match category {
        System | Agent | Network | Database => PerformanceMetric {
            metric_name: "cpu".to_owned(),
            value: 12.5,
            unit: "percent".to_owned(),
            category,
            agent_id: Some("agent-1".to_owned()),
            timestamp: Timestamp(1_763_712_000_000),
            metadata: some_map(),
        },
    };
    let minimal = PerformanceMetric { agent_id: None, metadata: None, ..of(System) };
    samples("performance_metric", [System, Agent, Network, Database].map(of), minimal)
}

fn workflows() -> Samples {
    use WorkflowStatus::{Cancelled, Completed, Failed, Pending, Running};
    let of = |status| match status {
        Pending | Running | Completed | Failed | Cancelled => WorkflowExecution {
            workflow_id: "my-workflow-id".to_owned(),
            execution_id: "01998c4e-9c1b-7d2e-8a10-0123456789ab".parse().unwrap(),
            stage: "processing".to_owned(),
            status,
            progress: Some(50.0),
            agent_id: Some("agent-1".to_owned()),
            result: Some(json!({"result": "success"})),
            error: Some("out of luck".to_owned()),
            timestamp: Timestamp(1_763_712_000_000),
        },
    };
    let minimal = WorkflowExecution { progress: None, agent_id: None, result: None, error: None, ..of(Pending) };
    samples("workflow_execution", [Pending, Running, Completed, Failed, Cancelled].map(of), minimal)
}

fn memories() -> Samples {
    use MemoryAction::{Accessed, Created, Deleted, Updated};
    let of = |action| match action {
        Created | Updated | Accessed | Deleted => MemoryTimeline {
            memory_id: "memory-1".to_owned(),
            action,
            content: Some("likes tea".to_owned()),
            importance: 0.8,
            tags: vec!["taste".to_owned()],
            agent_id: Some("agent-1".to_owned()),
            timestamp: Timestamp(1_763_712_000_000),
        },
    };
    let minimal = MemoryTimeline { content: None, agent_id: None, ..of(Created) };
    samples("memory_timeline", [Created, Updated, Accessed, Deleted].map(of), minimal)
}

fn alerts() -> Samples {
    use Severity::{Critical, Error, Info, Warning};
    let of = |severity| match severity {
        Info | Warning | Error | Critical => SystemAlert {
            severity,
            component: "scheduler".to_owned(),
            message: "late".to_owned(),
            details: some_map(),
            timestamp: Timestamp(1_763_712_000_000),
        },
    };
    samples("system_alert", [Info, Warning, Error, Critical].map(of), SystemAlert { details: None, ..of(Info) })
}

fn samples<T: Serialize, const N: usize>(name: &'static str, full: [T; N], minimal: T) -> Samples {
    // As a message of its own says it. In an event the envelope does.
    let value = |message: &T| {
        let mut value = serde_json::to_value(message).unwrap();
        value["type"] = json!(name);
        value
    };
    Samples { name, full: full.iter().map(value).collect(), minimal: value(&minimal) }
}

fn some_map() -> Option<Map<String, Value>> {
    Some(Map::from_iter([("key".to_owned(), json!("value"))]))
}
