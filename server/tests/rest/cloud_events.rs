//! Pages of events as batches of CloudEvents. What one looks like is tried in `crates/protocol/tests/cloud_event.rs`.

use crate::support::{Answer, ECHO, TestServer};
use protocol::{Envelope, Epoch, cloud_event::CloudEvent};
use serde_json::{Value, json};

const BATCH: &str = "application/cloudevents-batch+json";

async fn read(server: &TestServer, path: &str, accept: &str) -> Answer {
    Answer::of(server.get(path).header("accept", accept)).await
}

/// Everything of a query, by the links from page to page; `through` of each page.
async fn follow(server: &TestServer, first: &str) -> (Vec<Value>, Vec<u64>) {
    let (mut all, mut through, mut next) = (Vec::new(), Vec::new(), Some(first.to_owned()));
    while let Some(path) = next {
        let page = read(server, &path, BATCH).await;
        assert_eq!(page.header("content-type"), BATCH, "{path}");
        all.extend(page.expect(200).as_array().expect("a list").iter().cloned());
        through.push(page.header("signalbox-through").parse().expect("a position"));
        let link = page.header("link");
        next = link.strip_prefix('<').map(|link| link.strip_suffix(">; rel=\"next\"").expect("the next").to_owned());
        assert_eq!(next.is_none(), link.is_empty(), "{link}");
    }
    (all, through)
}

#[tokio::test]
async fn who_asks_for_cloud_events_gets_those_of_the_same_page_and_others_what_they_always_got() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let id = server.submit("tests/echo", json!({})).await;
    server.ended(&id).await;
    let alert = json!({"type": "system_alert", "severity": "warning", "component": "disk", "message": "full"});
    server.send_json("/api/v1/events", &alert).await.expect(201);
    let epoch = server.read("/api/v1/health").await.expect(200)["epoch"].as_str().expect("an epoch").to_owned();

    for path in [
        format!("/api/v1/executions/{id}/events"),
        "/api/v1/events?topic=workflow:tests/echo".into(),
        "/api/v1/events".into(),
    ] {
        let ours = server.read(&path).await;
        let page = ours.expect(200);
        let events: Vec<Envelope> = serde_json::from_value(page["events"].clone()).expect("envelopes");
        assert!(events.len() > 3, "{page}");
        let expect = serde_json::to_value(CloudEvent::all(&events, &Epoch(epoch.clone()))).unwrap();
        for accept in
            [BATCH, "application/cloudevents+json", "application/json;q=0.5, application/cloudevents-batch+json"]
        {
            let answer = read(&server, &path, accept).await;
            assert_eq!(answer.expect(200), expect, "{path}: {accept}");
            assert_eq!(answer.header("content-type"), BATCH, "{accept}");
        }
        for accept in
            ["application/json", "*/*", "text/html, */*;q=0.8", "application/cloudevents-batch+json;q=0.1, */*"]
        {
            let answer = read(&server, &path, accept).await;
            assert_eq!(
                (answer.expect(200), answer.header("content-type")),
                (page.clone(), "application/json"),
                "{accept}"
            );
        }
        for answer in [ours, read(&server, &path, BATCH).await] {
            let vary: Vec<_> = answer.headers.get_all("vary").iter().filter_map(|line| line.to_str().ok()).collect();
            assert!(vary.iter().any(|line| line.split(',').any(|name| name.trim() == "accept")), "{vary:?}");
            assert_eq!(answer.header("signalbox-through"), page["through"].to_string());
        }
    }

    let all = read(&server, "/api/v1/events?type=system_alert", BATCH).await.expect(200);
    let event = &all[0];
    assert_eq!((&event["specversion"], &event["source"]), (&json!("1.0"), &json!(format!("urn:uuid:{epoch}"))));
    assert_eq!((&event["epoch"], &event["data"]["component"]), (&json!(epoch), &json!("disk")));
    let position = event["position"].as_str().and_then(|text| text.parse::<u64>().ok()).expect("a position");
    let nothing = read(&server, &format!("/api/v1/events?after={position}"), BATCH).await;
    assert_eq!((nothing.expect(200), nothing.header("link")), (json!([]), ""));
}

#[tokio::test]
async fn links_lead_through_all_pages_in_either_direction() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let id = server.submit("tests/echo", json!({})).await;
    server.ended(&id).await;
    let whole = read(&server, "/api/v1/events", BATCH).await.expect(200).as_array().expect("a list").clone();
    let head = whole.len() as u64;
    assert!(head > 4);

    let (forwards, through) = follow(&server, "/api/v1/events?limit=2").await;
    assert_eq!(forwards, whole);
    assert!(through.is_sorted() && through.last() == Some(&head), "{through:?}");
    let (mut backwards, _) = follow(&server, "/api/v1/events?limit=2&newest_first=true&topic=events").await;
    backwards.reverse();
    assert_eq!(backwards, whole);
    let own = follow(&server, &format!("/api/v1/executions/{id}/events?limit=3")).await.0;
    assert_eq!(
        own,
        read(&server, &format!("/api/v1/executions/{id}/events"), BATCH).await.expect(200).as_array().unwrap().clone()
    );
    // Ours says the same, in its headers too.
    let page = server.read("/api/v1/events?limit=2").await;
    assert_eq!(page.header("link"), "</api/v1/events?limit=2&after=2>; rel=\"next\"");
}

#[tokio::test]
async fn errors_stay_problems_and_the_document_names_both() {
    let server = TestServer::start().await;
    read(&server, "/api/v1/events?topic=agnets", BATCH).await.problem(400, "invalid_topic");
    let nothing = "/api/v1/executions/01998c4e-9c1b-7d2e-8a10-0123456789ab/events";
    read(&server, nothing, BATCH).await.problem(404, "not_found");
    let document = server.read("/api/v1/openapi.json").await.expect(200);
    for path in ["/api/v1/events", "/api/v1/executions/{id}/events"] {
        let answer = &document["paths"][path]["get"]["responses"]["200"];
        assert_eq!(
            answer["content"]["application/json"]["schema"]["$ref"], "#/components/schemas/EventPage",
            "{answer}"
        );
        let batch = &answer["content"][BATCH]["schema"];
        assert_eq!(
            (&batch["type"], &batch["items"]["$ref"]),
            (&json!("array"), &json!("#/components/schemas/CloudEvent"))
        );
        assert!(answer["headers"]["Link"].is_object(), "{answer}");
    }
    let schema = &document["components"]["schemas"]["CloudEvent"];
    let required: Vec<&str> = schema["required"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert_eq!(required, ["specversion", "id", "source", "type", "datacontenttype", "epoch", "data"], "{schema}");
}
