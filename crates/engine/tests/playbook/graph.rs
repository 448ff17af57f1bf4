use crate::{HEAD, parse};

#[test]
fn playbooks_and_executions_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<engine::Playbook>();
    shared::<engine::Execution>();
    shared::<engine::Decision>();
}

#[test]
fn the_graph_has_steps_and_arcs_in_order() {
    let source = format!(
        "{HEAD}  description: what it is\nworkload: {{x: 1}}\nworkbook: [{{name: w, type: python, code: x}}]\nworkflow:
  - {{step: start, desc: begin, next: [{{step: a, when: '{{{{ workload.x > 0 }}}}'}}, {{step: end, else: true}}]}}
  - {{step: a, type: workbook, name: w, next: [end, {{step: fix, on: failed}}]}}
  - {{step: fix, type: noop}}
  - {{step: end, save: {{storage: event_log}}}}
"
    );
    let playbook = parse(&source).playbook.unwrap();
    assert_eq!((playbook.name(), playbook.path(), playbook.description()), ("t", "tests/t", Some("what it is")));
    assert_eq!(*playbook.workload(), serde_json::json!({"x": 1}));
    let graph = playbook.graph();
    let nodes: Vec<_> =
        graph.nodes.iter().map(|n| (n.step.as_str(), n.desc.as_deref(), n.protocol.as_deref())).collect();
    assert_eq!(
        nodes,
        [
            ("start", Some("begin"), None),
            ("a", None, Some("python")),
            ("fix", None, Some("noop")),
            ("end", None, Some("save"))
        ]
    );
    let edges: Vec<_> =
        graph.edges.iter().map(|e| (e.from.as_str(), e.to.as_str(), e.when.as_deref(), e.on_failed)).collect();
    assert_eq!(
        edges,
        [
            ("start", "a", Some("{{ workload.x > 0 }}"), false),
            ("start", "end", Some("else"), false),
            ("a", "end", None, false),
            ("a", "fix", None, true),
        ]
    );
    assert_eq!(playbook.protocols().collect::<Vec<_>>(), ["noop", "python"]);
}
