//! A query written for another engine's tables runs as it is.

use protocol::Outcome;
use sqlx::{Connection, PgConnection};
use store::{
    Store,
    conformance::{cluster::Cluster, sample::Run},
    postgres::PostgresStore,
};

const QUERY: &str = "
SELECT event_type, node_name 
FROM noetl.event 
WHERE execution_id = (
  SELECT execution_id FROM noetl.event 
  ORDER BY created_at DESC LIMIT 1
)
ORDER BY created_at;
";

#[tokio::test]
async fn the_query_of_another_engine_runs_as_written() {
    let cluster = Cluster::start();
    let store = PostgresStore::connect(&cluster.url()).await.expect("a store");
    let mut run = Run::of("tests/fixtures/create_tables");
    for commit in [run.start(), run.step(), run.end(Outcome::Completed)] {
        store.commit(commit).await.expect("a commit");
    }
    store.close().await;
    let mut database = PgConnection::connect(&cluster.url()).await.expect("a connection");
    let rows: Vec<(String, String)> = sqlx::query_as(QUERY).fetch_all(&mut database).await.expect("the query runs");
    let shown: Vec<String> = rows.iter().map(|(event, node)| format!("{event} {node}")).collect();
    assert_eq!(
        shown,
        [
            "execution_start sample",
            "step_started s1",
            "action_started s1",
            "action_completed s1",
            "step_completed s1",
            "step_started s2",
            "action_started s2",
            "action_completed s2",
            "step_completed s2",
            "execution_complete sample",
        ]
    );
}
