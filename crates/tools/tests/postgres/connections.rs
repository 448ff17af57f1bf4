//! Connections: what they keep of a task, how they end one, how many there are and for how long.

use crate::{
    database::Database,
    provider, query,
    support::{error, result, run},
};
use serde_json::json;
use std::sync::Arc;
use worker::{Cancelled, Provider};

#[tokio::test]
async fn what_a_session_changed_does_not_outlive_the_task() {
    let database = Database::fresh().await;
    let provider = provider();
    let ask = async |sql: &str| {
        let ran = run(&provider, query(&database, json!({"sql": sql}), json!({}))).await;
        result(&ran)["rows"][0]["v"].clone()
    };
    let pid = ask("SELECT pg_backend_pid() AS v").await;
    let change = "SET search_path = nowhere; CREATE TEMP TABLE x (i int); SELECT pg_advisory_lock(42); \
                  PREPARE mine AS SELECT 1; SELECT set_config('my.word', 'left', false) AS v";
    assert_eq!(ask(change).await, "left");
    assert_eq!(ask("SELECT pg_backend_pid() AS v").await, pid, "the connection is used again");
    assert_ne!(ask("SHOW search_path").await, "nowhere");
    assert_eq!(ask("SELECT to_regclass('x')::text AS v").await, json!(null));
    assert_eq!(ask("SELECT count(*) AS v FROM pg_locks WHERE locktype = 'advisory'").await, json!(0));
    assert_eq!(ask("SELECT count(*) AS v FROM pg_prepared_statements").await, json!(0));
    assert!(ask("SELECT current_setting('my.word', true) AS v").await.as_str().unwrap_or_default().is_empty());
    let failing = query(&database, json!({"sql": "SELECT 1/0"}), json!({}));
    assert_eq!(error(&run(&provider, failing).await).code, "postgres_error");
    assert_eq!(ask("SELECT 5 AS v").await, json!(5), "a failure leaves nothing broken behind");
}

#[tokio::test]
async fn a_cancelled_statement_stops_on_the_server() {
    let database = Database::fresh().await;
    let (switch, cancelled) = Cancelled::pair();
    let task = query(&database, json!({"sql": "SELECT pg_sleep(600)"}), json!({}));
    let application = format!("signalbox {}%", task.key.execution_id);
    let running = tokio::spawn(async move { provider().run(task, cancelled).await });
    let count = format!(
        "SELECT count(*)::text FROM pg_stat_activity WHERE application_name LIKE '{application}' AND state = 'active'"
    );
    let mut seen = String::new();
    while seen != "1" {
        seen = database.ask(&count).await;
        tokio::task::yield_now().await;
    }
    switch.send_replace(true);
    let ran = running.await.expect("no panic");
    assert_eq!(error(&ran).code, "cancelled");
    while database.ask(&count).await != "0" {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn connections_are_bounded_and_shared() {
    let database = Database::fresh().await;
    let provider = Arc::new(provider());
    let tasks: Vec<_> = (0..40)
        .map(|_| {
            let (provider, task) = (
                provider.clone(),
                query(
                    &database,
                    json!({"sql": "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()"}),
                    json!({}),
                ),
            );
            tokio::spawn(async move { run(provider.as_ref(), task).await })
        })
        .collect();
    for task in tasks {
        let ran = task.await.expect("no panic");
        let n = result(&ran)["rows"][0]["n"].as_i64().expect("a number");
        assert!((1..=8).contains(&n), "{n} connections at once");
    }
    assert!(provider.concurrency() > 8);
}

#[tokio::test]
async fn unused_connections_are_closed() {
    let database = Database::fresh().await;
    let provider = provider();
    result(&run(&provider, query(&database, json!({"sql": "SELECT 1"}), json!({}))).await);
    let others =
        "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert_eq!(database.ask(others).await, "1", "kept for the next task");
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(90)).await;
    while database.ask(others).await != "0" {
        tokio::task::yield_now().await;
    }
}
