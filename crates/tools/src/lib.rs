//! The built-in providers: `python`, `http`, `postgres`, `sqlite`, `secrets`, `noop`.
//!
//! Absences: nothing here knows the engine, the store or the hub; a provider sees a task and answers with a
//! run. No unsafe code. No provider reads the process environment for secrets or proxies.

mod builtin;
mod config;
mod credentials;
pub mod egress;
mod fields;
mod http;
mod noop;
mod postgres;
mod python;
mod secrets;
mod sql;
mod sqlite;
mod within;

pub use builtin::builtin;
pub use config::ToolsConfig;
pub use egress::EgressPolicy;
pub use egress::Pinned;
pub use http::HttpProvider;
pub use noop::NoopProvider;
pub use postgres::PostgresProvider;
pub use python::PythonProvider;
pub use secrets::Handles;
pub use secrets::SecretHandles;
pub use secrets::SecretsProvider;
pub use sqlite::SqliteProvider;
