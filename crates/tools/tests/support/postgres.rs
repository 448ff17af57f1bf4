//! A database of a test's own on the PostgreSQL that `cargo xtask test` starts.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, raw_sql};
use url::Url;

const URL: &str = "SIGNALBOX_TEST_POSTGRES_URL";

pub(crate) struct Database {
    url: Url,
}

impl Database {
    /// An empty database.
    pub(crate) async fn fresh() -> Self {
        let server = std::env::var(URL).unwrap_or_else(|_| panic!("{URL} is not set; `cargo xtask test` sets it"));
        let name = format!("tools_{}", uuid::Uuid::now_v7().simple());
        let mut admin = PgConnection::connect(&server).await.expect("the server answers");
        raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await.expect("a database");
        let mut url = Url::parse(&server).expect("a URL");
        url.set_path(&name);
        Self { url }
    }

    /// The credential that leads here, with a password that the server does not ask for.
    pub(crate) fn credential(&self) -> Value {
        json!({
            "type": "postgres",
            "host": self.url.host_str().expect("a host"),
            "port": self.url.port().expect("a port"),
            "user": self.url.username(),
            "password": "unasked-for",
            "database": self.url.path().trim_start_matches('/'),
        })
    }

    pub(crate) fn url(&self) -> String {
        self.url.to_string()
    }

    pub(crate) async fn connect(&self) -> PgConnection {
        PgConnection::connect(self.url.as_str()).await.expect("the server answers")
    }

    /// The first column of the only row, as text.
    pub(crate) async fn ask(&self, sql: &str) -> String {
        let mut connection = self.connect().await;
        let row = raw_sql(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.expect(sql);
        row.try_get_unchecked::<String, _>(0).expect("text")
    }
}
