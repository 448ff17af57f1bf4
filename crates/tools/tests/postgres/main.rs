//! `postgres` on a real server. One binary: its parts share the database and link once.

mod connections;
#[path = "../support/postgres.rs"]
mod database;
mod queries;
mod saves;
#[path = "../support/mod.rs"]
mod support;

use database::Database;
use protocol::Task;
use serde_json::{Value, json};
use std::sync::Arc;
use support::{run, task};
use tools::{EgressPolicy, PostgresProvider};
use worker::Run;

fn provider() -> PostgresProvider {
    PostgresProvider::new(EgressPolicy::default())
}

fn with_credential(mut task: Task, name: &str, credential: Value) -> Task {
    task.credentials.0.insert(name.to_owned(), Arc::new(credential));
    task
}

fn query(database: &Database, config: Value, input: Value) -> Task {
    with_credential(task("postgres", config, input), "pg", database.credential())
}

async fn sql(database: &Database, config: Value) -> Run {
    run(&provider(), query(database, config, json!({}))).await
}
