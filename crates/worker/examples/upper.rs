//! A worker for a step type of its own, `upper`: `cargo run -p worker --example upper -- http://127.0.0.1:9999`.
//!
//! Its steps look like this:
//!
//! ```yaml
//! - {step: shout, type: upper, data: {text: "hello"}, next: end}
//! ```

use async_trait::async_trait;
use protocol::{Task, TaskError};
use serde_json::json;
use worker::{Cancelled, Progress, Provider, Run, Worker, WorkerError};

struct Upper;

#[async_trait]
impl Provider for Upper {
    fn protocols(&self) -> &[&'static str] {
        &["upper"]
    }

    fn concurrency(&self) -> usize {
        8
    }

    async fn run(&self, task: Task, _cancelled: Cancelled) -> Run {
        match task.input.get("text").and_then(|text| text.as_str()) {
            Some(text) => Run::completed(json!({"text": text.to_uppercase()})),
            None => Run::failed(TaskError::new("no_text", "`data.text` is missing: a text to make large")),
        }
    }

    /// Only for work that takes a while: what is told is seen on the execution's page as it happens.
    async fn run_telling(&self, task: Task, cancelled: Cancelled, progress: Progress) -> Run {
        progress.message("making it large");
        let run = self.run(task, cancelled).await;
        progress.percent(100.0);
        run
    }
}

#[tokio::main]
async fn main() -> Result<(), WorkerError> {
    let server = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:9999".to_owned());
    let worker = Worker::connect(server).name("upper").provider(Upper).on_joined(|name| println!("joined as {name}"));
    worker
        .run(async {
            // Without a way to listen for Ctrl-C it ends as every program does.
            let _ = tokio::signal::ctrl_c().await;
        })
        .await
}
