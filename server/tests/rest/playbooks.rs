//! `/api/v1/playbooks`

use crate::support::{Answer, ECHO, TestServer, echo_at};
use serde_json::json;

const URL: &str = "/api/v1/playbooks";

#[tokio::test]
async fn versions_count_up_and_unchanged_content_makes_none() {
    let server = TestServer::start().await;
    let first = server.send_yaml(URL, ECHO).await.expect(201);
    assert_eq!((&first["path"], &first["version"], &first["created"]), (&json!("tests/echo"), &json!(1), &json!(true)));
    let again = server.send_yaml(URL, ECHO).await.expect(200);
    assert_eq!((&again["version"], &again["created"]), (&json!(1), &json!(false)));
    let changed = server.send_yaml(URL, &echo_at("tests/echo", "changed")).await.expect(201);
    assert_eq!(changed["version"], 2);

    let newest = server.read(&format!("{URL}/tests/echo")).await.expect(200);
    assert_eq!((&newest["version"], &newest["latest_version"]), (&json!(2), &json!(2)));
    assert_eq!(newest["workload"]["nested"], json!({"a": 1, "b": 2}));
    assert!(newest["graph"]["nodes"].as_array().is_some_and(|nodes| nodes.len() == 3), "{newest}");
    let older = server.read(&format!("{URL}/tests/echo?version=1")).await.expect(200);
    assert_eq!((older["source"].as_str(), &older["version"]), (Some(ECHO), &json!(1)));
}

#[tokio::test]
async fn the_list_is_narrowed_by_q() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    server.register(&echo_at("other/place", "")).await;
    let paths = async |query: &str| -> Vec<String> {
        let list = server.read(&format!("{URL}{query}")).await.expect(200);
        let path = |row: &serde_json::Value| row["path"].as_str().expect("a path").to_owned();
        list.as_array().expect("a list").iter().map(path).collect()
    };
    let all = paths("").await;
    assert!(all.contains(&"tests/echo".to_owned()) && all.contains(&"other/place".to_owned()), "{all:?}");
    assert!(all.is_sorted(), "{all:?}");
    assert_eq!(paths("?q=other%2Fpl").await, ["other/place"]);
    assert_eq!(paths("?q=nothing-is-called-so").await, [""; 0]);
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let server = TestServer::start().await;
    let detail = server.read(&format!("{URL}/no/such")).await.problem(404, "not_found");
    assert!(detail.contains("no/such"), "{detail}");
    server.register(ECHO).await;
    server.read(&format!("{URL}/tests/echo?version=9")).await.problem(404, "not_found");
    // `validate` is a path like any other.
    let detail = server.read(&format!("{URL}/validate")).await.problem(404, "not_found");
    assert!(detail.contains("validate"), "{detail}");
}

#[tokio::test]
async fn a_playbook_may_be_called_validate() {
    let server = TestServer::start().await;
    server.register(&echo_at("validate", "")).await;
    assert_eq!(server.read(&format!("{URL}/validate")).await.expect(200)["path"], "validate");
}

#[tokio::test]
async fn wrong_sources_are_refused_with_every_place() {
    let server = TestServer::start().await;
    let head = "apiVersion: noetl.io/v1\nkind: Playbook\nmetadata: {name: a, path: a}\n";
    let nowhere = format!("{head}workflow:\n  - {{step: start, next: nowhere}}\n");
    // Each list holds ten of the one before: a million when written out.
    let bomb = ('b'..='g').zip('a'..).fold("a: &a x\n".to_owned(), |bomb, (name, of)| {
        format!("{bomb}{name}: &{name} [{}]\n", vec![format!("*{of}"); 10].join(", "))
    });
    for (what, source) in [
        ("broken YAML", "workflow: [\n  - {step: start"),
        ("not a map", "- a\n- b\n"),
        ("empty", ""),
        ("unknown next", &nowhere),
        ("duplicate key", "apiVersion: noetl.io/v1\napiVersion: noetl.io/v1\n"),
        ("alias bomb", &bomb),
    ] {
        let answer = server.send_yaml(URL, source).await;
        assert_eq!(answer.status, 422, "{what}: {}", answer.text());
        let problem = answer.json();
        let diagnostics = problem["diagnostics"].as_array().expect("diagnostics").clone();
        assert!(!diagnostics.is_empty(), "{what}: {problem}");
        for diagnostic in diagnostics {
            assert!(
                diagnostic["line"].as_u64() > Some(0) && diagnostic["column"].as_u64() > Some(0),
                "{what}: {diagnostic}"
            );
            assert!(diagnostic["code"].as_str().is_some_and(|code| !code.is_empty()), "{what}: {diagnostic}");
        }
    }
    server.is_unharmed().await;
}

#[tokio::test]
async fn only_yaml_media_types_are_taken() {
    let server = TestServer::start().await;
    for (content_type, expect) in [
        ("application/yaml", 201),
        ("application/yaml; charset=utf-8", 200),
        ("text/yaml", 200),
        ("application/x-yaml", 200),
        ("text/x-yaml", 200),
        ("application/x-www-form-urlencoded", 415),
        ("text/plain", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/json", 415),
        ("application/yaml; charset=utf-16", 415),
    ] {
        let answer = Answer::of(server.post(URL, content_type, ECHO)).await;
        assert_eq!(answer.status, expect, "{content_type}: {}", answer.text());
        if expect == 415 {
            let detail = answer.problem(415, "unsupported_media_type");
            assert!(detail.contains("-H 'Content-Type: application/yaml'"), "{detail}");
        }
    }
    Answer::of(server.client.post(server.url(URL)).body(ECHO)).await.problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn a_source_that_is_no_text_is_refused() {
    let server = TestServer::start().await;
    let detail =
        Answer::of(server.post(URL, "application/yaml", b"a: \xff\xfe".to_vec())).await.problem(400, "body_not_utf8");
    assert!(detail.contains("byte 4"), "{detail}");
    server.is_unharmed().await;
}
