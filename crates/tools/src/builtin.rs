//! The providers every server has.

use crate::{
    HttpProvider, NoopProvider, PostgresProvider, PythonProvider, SecretsProvider, SqliteProvider, ToolsConfig,
};
use std::sync::Arc;
use worker::Provider;

/// All built-in providers. Nothing is started or opened until the first task comes.
pub fn builtin(config: ToolsConfig) -> Vec<Arc<dyn Provider>> {
    vec![
        Arc::new(NoopProvider),
        Arc::new(HttpProvider::new(config.egress.clone())),
        Arc::new(PostgresProvider::new(config.egress.clone())),
        Arc::new(SqliteProvider::new(&config.data_dir)),
        Arc::new(PythonProvider::new(&config)),
        Arc::new(SecretsProvider::new(config.secrets)),
    ]
}
