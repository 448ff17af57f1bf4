//! A PostgreSQL to try a store on: `cargo xtask test` starts one and names it in [`URL`].

use super::Backend;
use crate::{Store, postgres::PostgresStore};
use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

/// The variable with the URL of a database that may be filled with schemas.
pub const URL: &str = "SIGNALBOX_TEST_POSTGRES_URL";

/// The database.
///
/// # Panics
/// When there is none: a test that needs one fails, it is not skipped.
pub fn server() -> String {
    std::env::var(URL).unwrap_or_else(|_| {
        panic!("{URL} names no PostgreSQL (postgres://user@host:port/database): `cargo xtask test` starts one")
    })
}

/// An empty schema of its own, dropped with this.
#[derive(Debug)]
pub struct Schema {
    name: String,
}

impl Schema {
    /// # Panics
    /// When there is no database to make it in.
    pub async fn fresh() -> Self {
        let name = format!("signalbox_test_{:016x}", RandomState::new().hash_one(()));
        run(&format!("CREATE SCHEMA {name}")).await;
        Self { name }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a store is opened with.
    pub fn url(&self) -> String {
        let server = server();
        let join = if server.contains('?') { '&' } else { '?' };
        format!("{server}{join}options[search_path]={}", self.name)
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let drop = format!("DROP SCHEMA {} CASCADE", self.name);
        // Not on the test's runtime, which may be ending.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(run(&drop));
        });
        if dropping.join().is_err() && !std::thread::panicking() {
            panic!("the schema {} stays", self.name);
        }
    }
}

async fn run(sql: &str) {
    let url = server();
    let mut connection = PgConnection::connect(&url).await.unwrap_or_else(|error| panic!("{URL}: {error}"));
    connection.execute(AssertSqlSafe(sql)).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let _ = connection.close().await;
}

/// The store on PostgreSQL; the schema is made when first needed.
#[derive(Debug, Default)]
pub struct Postgres(tokio::sync::OnceCell<Schema>);

impl Postgres {
    pub async fn schema(&self) -> &Schema {
        self.0.get_or_init(Schema::fresh).await
    }
}

#[async_trait]
impl Backend for Postgres {
    async fn open(&self) -> Arc<dyn Store> {
        PostgresStore::connect(&self.schema().await.url()).await.expect("a store on PostgreSQL")
    }

    fn keeps(&self) -> bool {
        true
    }
}
