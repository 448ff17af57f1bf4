//! S1's clients and producers, in Rust, against the real server.

use crate::house::House;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;
use worker::{Client, Subscription, Told};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

async fn until<T>(told: &mut Subscription, mut find: impl FnMut(Told) -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = find(told.next().await.expect("not closed")) {
                return found;
            }
        }
    };
    timeout(PATIENCE, found).await.expect("told in time")
}

/// Resolves when everything subscribed to at the start is subscribed: what is asked later is answered later.
async fn is_ready(client: &Client, told: &mut Subscription) {
    until(told, |told| matches!(told, Told::Connected { .. }).then_some(())).await;
    client.call("workers", json!({})).await.expect("an answer");
}

#[tokio::test]
async fn a_workflow_client_of_all_is_told_of_each() {
    let house = House::open_with(&[]);
    let (client, mut told) = Client::workflow(&house.served.url, "*").start().unwrap();
    is_ready(&client, &mut told).await;
    client.start_workflow("anything", "exec-1", None).await.unwrap();
    let topics = until(&mut told, |told| match told {
        Told::Event { topics, .. } => Some(topics),
        _ => None,
    });
    assert_eq!(topics.await.iter().map(ToString::to_string).collect::<Vec<_>>(), ["workflow:*"]);
    let unnamed: Value = json!(Client::workflow(&house.served.url, "").start().err().map(|error| error.to_string()));
    assert!(unnamed.as_str().unwrap().ends_with("(invalid_topic)"), "{unnamed}");
}
