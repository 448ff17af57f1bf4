//! The built-in providers: `python`, `http`, `sqlite`, `noop`.
//!
//! Absences: nothing here knows the engine, the store or the hub; a provider sees a task and answers with a
//! run. No unsafe code. No provider reads the process environment for secrets or proxies.

mod builtin;
mod config;
pub mod egress;
mod fields;
mod http;
mod noop;
mod python;
mod sqlite;
mod within;

pub use builtin::builtin;
pub use config::ToolsConfig;
pub use egress::EgressPolicy;
pub use http::HttpProvider;
pub use noop::NoopProvider;
pub use python::PythonProvider;
pub use sqlite::SqliteProvider;
