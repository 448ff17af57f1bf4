//! `agent:*`, `workflow:*`, `execution:*`: everything that any topic of the kind has, over REST and the socket.

use crate::{
    socket::{Client, connect, next, send},
    support::{ECHO, TestServer},
};
use serde_json::{Value, json};

const ALL: [&str; 4] = ["agent:*", "workflow:*", "execution:*", "thread:*"];

async fn history(server: &TestServer, topic: &str) -> Vec<Value> {
    let page = server.read(&format!("/api/v1/events?topic={topic}&limit=1000")).await.expect(200);
    assert_eq!(page["next"], json!(null), "one page: {topic}");
    page["events"].as_array().expect("events").clone()
}

/// Two executions, and what other programs say of agents, workflows and neither.
async fn something_happens(server: &TestServer) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..2 {
        let id = server.submit("tests/echo", json!({})).await;
        server.ended(&id).await;
        ids.push(id);
        let usage = json!({"cpu": 1, "memory": 2, "activeConnections": 3});
        for message in [
            json!({"type": "agent_state", "agentId": "a", "status": (if ids.len() == 1 { "idle" } else { "busy" }),
                "resourceUsage": usage}),
            json!({"type": "memory_timeline", "memoryId": "m", "action": "created", "importance": 0.5, "tags": [],
                "agentId": "b"}),
            json!({"type": "memory_timeline", "memoryId": "m", "action": "created", "importance": 0.5, "tags": []}),
            json!({"type": "workflow_execution", "workflowId": "w", "executionId": "e", "stage": "s",
                "status": "running", "agentId": "a"}),
            json!({"type": "workflow_execution", "workflowId": "w", "executionId": "e", "stage": "s",
                "status": "failed"}),
        ] {
            server.send_json("/api/v1/events", &message).await.expect(201);
        }
    }
    ids
}

/// All events of the wildcards over a socket, from the log first, until one after the head has come to each.
async fn followed(server: &TestServer, client: &mut Client) -> Vec<(Vec<String>, Value)> {
    let requests: Vec<Value> = ALL.iter().map(|topic| json!({"topic": topic, "after": 0})).collect();
    send(client, json!({"type": "subscribe", "topics": requests})).await;
    let subscribed = next(client).await;
    assert_eq!(subscribed["topics"].as_array().map(Vec::len), Some(4), "{subscribed}");
    let id = server.submit("tests/echo", json!({})).await;
    let mut seen = Vec::new();
    loop {
        let frame = next(client).await;
        assert_eq!(frame["type"], "event", "{frame}");
        let topics = frame["topics"].as_array().unwrap().iter().map(|topic| topic.as_str().unwrap().to_owned());
        seen.push((topics.collect(), frame["event"].clone()));
        let of_this = |event: &Value| event["data"]["execution_id"] == id.as_str();
        let (_, last) = seen.last().unwrap();
        if last["type"] == "execution_complete" && of_this(last) {
            // Its projection has the same position, and comes behind it.
            let frame = next(client).await;
            let topics = frame["topics"].as_array().unwrap().iter().map(|topic| topic.as_str().unwrap().to_owned());
            seen.push((topics.collect(), frame["event"].clone()));
            return seen;
        }
    }
}

#[tokio::test]
async fn all_of_a_kind_are_what_each_has_and_each_event_once() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let ids = something_happens(&server).await;

    let mut of_both = Vec::new();
    for id in &ids {
        of_both.extend(history(&server, &format!("execution:{id}")).await);
    }
    of_both.sort_by_key(|event| event["position"].as_u64());
    assert_eq!(history(&server, "execution:*").await, of_both);
    assert_eq!(history(&server, "workflow:*").await, history(&server, "workflow_executions").await);
    let (mut of_agents, of_b) = (history(&server, "agent:a").await, history(&server, "agent:b").await);
    assert!(!of_agents.is_empty() && !of_b.is_empty());
    of_agents.extend(of_b);
    of_agents.sort_by_key(|event| event["position"].as_u64());
    assert_eq!(history(&server, "agent:*").await, of_agents);
    assert_eq!(history(&server, "thread:*").await, Vec::<Value>::new());
    let backwards = server.read("/api/v1/events?topic=agent:*&newest_first=true&limit=1000").await.expect(200);
    let mut backwards = backwards["events"].as_array().unwrap().clone();
    backwards.reverse();
    assert_eq!(backwards, of_agents, "from the other end");
    let detail = server.read("/api/v1/events?topic=session:*").await.problem(400, "invalid_topic");
    assert!(detail.contains("a session is its owner's"), "{detail}");

    let mut client = connect(&server).await;
    let seen = followed(&server, &mut client).await;
    for topic in ALL {
        let of_this = seen.iter().filter(|(topics, _)| topics.iter().any(|name| name == topic));
        let of_this: Vec<Value> = of_this.map(|(_, event)| event.clone()).collect();
        assert_eq!(of_this, history(&server, topic).await, "{topic}, from the log and live, without a seam");
    }
}

#[tokio::test]
async fn all_of_a_kind_go_on_where_they_were_after_a_restart() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    something_happens(&server).await;
    let before = history(&server, "execution:*").await;
    let after = before[before.len() / 2]["position"].as_u64().unwrap();
    let server = TestServer::start_in(server.stop().await).await;
    let mut client = connect(&server).await;
    send(&mut client, json!({"type": "subscribe", "topics": [{"topic": "execution:*", "after": after}]})).await;
    assert_eq!(next(&mut client).await["topics"][0]["recovered"], true);
    for expected in &before[before.len() / 2 + 1..] {
        assert_eq!(&next(&mut client).await["event"], expected);
    }
}
