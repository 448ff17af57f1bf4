//! The Rust SDK: workers, which take tasks of a Signalbox server and do their work, and clients, which listen, publish
//! and call.
//!
//! A [`Provider`] does the work of one or more protocols. A [`Worker`] connects to a server, offers the providers'
//! places, runs what it is given and reports it:
//!
//! ```no_run
//! # use worker::{Provider, Worker, WorkerError};
//! # async fn example(provider: impl Provider) -> Result<(), WorkerError> {
//! Worker::connect("http://127.0.0.1:9999").name("gpu-1").provider(provider).run(std::future::pending()).await
//! # }
//! ```
//!
//! A [`Client`] subscribes to topics, resumes exactly, publishes messages and calls commands:
//!
//! ```no_run
//! # use worker::{Client, ClientError, Told};
//! # async fn example() -> Result<(), ClientError> {
//! let (client, mut told) = Client::connect("http://127.0.0.1:9999").subscribe("agent_states").start()?;
//! while let Some(told) = told.next().await {
//!     if let Told::Event { event, .. } = told {
//!         println!("{:?} {}", event.position, event.event.data_json());
//!     }
//! }
//! # drop(client);
//! # Ok(())
//! # }
//! ```
//!
//! The server itself uses providers of its own process, without a connection.
//!
//! Absences: this crate knows no engine and no store; a provider sees tasks and answers with a run. Nothing is kept
//! on disk: what a worker has not reported when it dies is given to another.

mod client;
mod listener;
mod progress;
mod provider;
mod wire;

pub use client::{Worker, WorkerError};
pub use listener::{
    Authenticated, Builder, Client, ClientError, Handlers, Published, Resume, State, Streaming, Subscription, Told,
    Workflow, process_metrics,
};
pub use progress::Progress;
/// The shapes of events, topics and tasks.
pub use protocol;
pub use provider::{Cancelled, Provider, Run};

/// The README's examples compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
