//! The migrations for PostgreSQL apply to a real one, and both backends get the same tables, views and columns.

use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection,
    migrate::{Migrate, Migrator},
};
use std::collections::BTreeSet;

const URL: &str = "SIGNALBOX_TEST_POSTGRES_URL";
static COMMON: Migrator = sqlx::migrate!("../../migrations/common");
static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

#[tokio::test]
async fn both_backends_get_the_same_tables() {
    let url = std::env::var(URL).unwrap_or_else(|_| {
        panic!("{URL} names no PostgreSQL (postgres://user@host:port/database): `cargo xtask test` starts one")
    });
    let mut postgres = PgConnection::connect(&url).await.unwrap_or_else(|error| panic!("{URL}: {error}"));
    let schema = format!("signalbox_migrations_{}", std::process::id());
    postgres.execute(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).await.expect("a fresh schema");
    postgres.execute(AssertSqlSafe(format!("SET search_path TO {schema}"))).await.expect("the schema");
    for _ in 0..2 {
        // The second time there is nothing to do.
        run(&POSTGRES, &mut postgres).await;
    }
    let there: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = $1",
    )
    .bind(&schema)
    .fetch_all(&mut postgres)
    .await
    .expect("the columns");
    let unique: Vec<(String,)> = sqlx::query_as("SELECT indexdef::text FROM pg_indexes WHERE schemaname = $1")
        .bind(&schema)
        .fetch_all(&mut postgres)
        .await
        .expect("the indices");
    postgres.execute(AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"))).await.expect("gone again");

    let mut sqlite = SqliteConnection::connect("sqlite::memory:").await.expect("a database");
    run(&SQLITE, &mut sqlite).await;
    let here: Vec<(String, String)> = sqlx::query_as(
        "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type IN ('table', 'view')",
    )
    .fetch_all(&mut sqlite)
    .await
    .expect("the columns");

    let own = |columns: Vec<(String, String)>| -> BTreeSet<(String, String)> {
        // sqlx keeps its own table.
        columns.into_iter().filter(|(table, _)| !table.starts_with("_sqlx")).collect()
    };
    let there = own(there);
    assert!(there.contains(&("events".into(), "position".into())), "{there:?}");
    assert_eq!(there, own(here));
    assert!(
        unique.iter().any(|(text,)| text.contains("UNIQUE") && text.contains("(execution_id, version)")),
        "{unique:?}"
    );
}

async fn run<C: Migrate>(own: &Migrator, connection: &mut C) {
    let migrations = COMMON.iter().chain(own.iter()).cloned().collect();
    Migrator::with_migrations(migrations).run_direct(None, connection, false).await.expect("the migrations apply");
}
