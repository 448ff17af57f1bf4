//! The Rust SDK for workers: programs that take tasks of a Signalbox server and do their work.
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
//! The server itself uses providers of its own process, without a connection.
//!
//! Absences: this crate knows no engine and no store; a provider sees tasks and answers with a run. Nothing is kept
//! on disk: what a worker has not reported when it dies is given to another.

mod client;
mod progress;
mod provider;

pub use client::{Worker, WorkerError};
pub use progress::Progress;
pub use provider::{Cancelled, Provider, Run};
