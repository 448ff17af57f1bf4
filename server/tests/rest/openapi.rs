//! `/api/v1/openapi.json`

use crate::support::TestServer;
use serde_json::Value;
use std::collections::BTreeSet;

#[tokio::test]
async fn the_document_lists_every_route_and_resolves() {
    let server = TestServer::start().await;
    let document = server.read("/api/v1/openapi.json").await.expect(200);
    let paths: Vec<&String> = document["paths"].as_object().expect("paths").keys().collect();
    for path in [
        "/api/v1/approvals",
        "/api/v1/identity",
        "/api/v1/login",
        "/api/v1/logout",
        "/api/v1/tokens",
        "/api/v1/tokens/{name}",
        "/api/v1/users",
        "/api/v1/users/{name}",
        "/api/v1/users/{name}/password",
        "/api/v1/credential-rotation",
        "/api/v1/credentials",
        "/api/v1/credentials/{name}",
        "/api/v1/events",
        "/api/v1/executions",
        "/api/v1/executions/{id}",
        "/api/v1/executions/{id}/approvals/{step}",
        "/api/v1/executions/{id}/cancel",
        "/api/v1/executions/{id}/events",
        "/api/v1/executions/{id}/pause",
        "/api/v1/executions/bulk",
        "/api/v1/executions/{id}/rerun",
        "/api/v1/executions/{id}/resume",
        "/api/v1/executions/{id}/signals",
        "/api/v1/executions/{id}/terminate",
        "/api/v1/health",
        "/api/v1/playbook-diff/{path}",
        "/api/v1/playbook-schema",
        "/api/v1/playbook-versions/{path}",
        "/api/v1/playbooks",
        "/api/v1/playbooks/validate",
        "/api/v1/playbooks/{path}",
        "/api/v1/schedules",
        "/api/v1/schedules/{name}",
        "/api/v1/schedules/{name}/pause",
        "/api/v1/schedules/{name}/resume",
        "/api/v1/schedules/{name}/run",
        "/api/v1/workers",
    ] {
        assert!(paths.iter().any(|known| *known == path), "{path} in {paths:?}");
    }
    let mut ids = BTreeSet::new();
    for operation in
        document["paths"].as_object().expect("paths").values().flat_map(|item| item.as_object().unwrap().values())
    {
        let id = operation["operationId"].as_str().expect("an operation id");
        assert!(ids.insert(id.to_owned()), "{id} twice");
    }
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            references.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|value| collect(value, references));
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}
