//! A server of a test's own: a free port, a temporary data folder, the real thing otherwise.

// Each test program uses a part of it.
#![allow(dead_code, unused_imports, unreachable_pub)]

mod answer;
mod command;
mod dice;
mod playbook;
mod server;
mod way;

pub use answer::Answer;
pub use command::{Run, Served, signal, signalbox};
pub use dice::Dice;
pub use playbook::{BLOCKING, ECHO, FAILING, WAITING, echo_at};
pub use server::{TestServer, password};
pub use way::Way;
