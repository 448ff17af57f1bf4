//! A server of a test's own: a free port, a temporary data folder, the real thing otherwise.

#![allow(dead_code)]

mod answer;
mod command;
mod playbook;
mod server;

pub use answer::Answer;
pub use command::{Run, Served, signal, signalbox};
pub use playbook::{BLOCKING, ECHO, FAILING, echo_at};
pub use server::TestServer;
