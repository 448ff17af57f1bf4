//! A PostgreSQL that closes connections, restarts and crashes while commits are under way: each counts once, and
//! callers notice nothing but time.

use futures::future::join_all;
use protocol::{CommitId, Outcome, Position};
use serde_json::json;
use sqlx::{Connection, PgConnection};
use std::{collections::HashMap, sync::Arc};
use store::{
    Commit, Store, StoreError, TaskChange,
    conformance::{
        cluster::Cluster,
        sample::{Run, T0, assert_gap_free, everything, id, loose, note},
    },
    postgres::PostgresStore,
};
use tokio::sync::mpsc;

const SIDE_BY_SIDE: usize = 16;
const STEPS: usize = 25;

/// Moves executions side by side, each commit followed by one without events, and tells of each answer. What is
/// there in the end is what was answered, once.
async fn move_through(store: &Arc<PostgresStore>, answered: mpsc::UnboundedSender<()>) {
    let movers = (0..SIDE_BY_SIDE).map(|_| {
        let (store, answered) = (store.clone(), answered.clone());
        tokio::spawn(async move {
            let mut run = Run::of("samples/away");
            let commit = async |commit: Commit| {
                let done = store.commit(commit).await.unwrap_or_else(|error| panic!("waited for: {error}"));
                // Nobody listens any more at the end.
                let _ = answered.send(());
                done
            };
            let mut firsts = vec![commit(run.start()).await.first];
            for _ in 0..STEPS {
                firsts.push(commit(run.step()).await.first);
                let claim = TaskChange::Claim { key: run.task_key(), worker: "another".into() };
                commit(Commit { id: CommitId(id()), tasks: vec![claim], ..loose(T0, Vec::new()) }).await;
                let open = store.open_tasks(Some(run.id)).await.expect("reads wait too");
                assert_eq!(open[0].claimed_by.as_deref(), Some("another"));
            }
            firsts.push(commit(run.end(Outcome::Completed)).await.first);
            (run, firsts)
        })
    });
    let mut answers: HashMap<_, (Run, Vec<Position>)> = HashMap::new();
    for joined in join_all(movers).await {
        let (run, firsts) = joined.expect("no panic");
        answers.insert(Some(run.id), (run, firsts));
    }
    let events = everything(&**store).await;
    assert_gap_free(&events);
    assert_eq!(events.len(), SIDE_BY_SIDE * (3 + 4 * STEPS + 3), "nothing twice, nothing lost");
    for (run, firsts) in answers.values() {
        let own: Vec<_> = events.iter().filter(|event| event.event.execution_id() == Some(run.id)).collect();
        assert_eq!(own.len() as u64, run.version);
        let starts = [0].into_iter().chain((0..=STEPS).map(|step| 3 + 4 * step)).map(|at| own[at].position);
        assert!(starts.eq(firsts.iter().copied().map(Some)), "answers name the places they got");
    }
    assert_eq!(store.open_tasks(None).await.expect("tasks"), []);
    assert_eq!(store.counts().await.expect("counts").0.completed, SIDE_BY_SIDE as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_was_lost_counts_once() {
    let cluster = Cluster::start();
    let store = PostgresStore::connect(&cluster.url()).await.expect("a store");
    let (tell, mut answered) = mpsc::unbounded_channel();
    let url = cluster.url();
    let cutter = tokio::spawn(async move {
        let mut cuts = 0;
        let mut database = PgConnection::connect(&url).await.expect("a connection");
        let mut answers = 0;
        while answered.recv().await.is_some() {
            answers += 1;
            // Every so often, at whatever moment that is: in the middle of a statement mostly.
            if answers % 37 == 0 {
                let cut: Vec<(bool,)> = sqlx::query_as(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
                )
                .fetch_all(&mut database)
                .await
                .expect("an administrator may");
                cuts += cut.len();
            }
        }
        cuts
    });
    move_through(&store, tell).await;
    let cuts = cutter.await.expect("no panic");
    assert!(cuts > 20, "{cuts} connections were cut");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_restarts_and_crashes_is_waited_for() {
    let mut cluster = Cluster::start();
    let store = PostgresStore::connect(&cluster.url()).await.expect("a store");
    let other = PostgresStore::connect(&cluster.url()).await.expect("a store");
    let (tell, mut answered) = mpsc::unbounded_channel();
    // Blocking work, on a thread of its own.
    let administrator = std::thread::spawn(move || {
        let mut restarts = 0;
        let mut answers = 0;
        while answered.blocking_recv().is_some() {
            answers += 1;
            if answers % 150 == 0 {
                restarts += 1;
                if restarts % 2 == 0 { cluster.restart() } else { cluster.crash() }
            }
        }
        (cluster, restarts)
    });
    move_through(&store, tell).await;
    let (cluster, restarts) = administrator.join().expect("no panic");
    assert!(restarts >= 4, "{restarts} restarts");

    // Those who listen do so again.
    let mut told = other.foreign().expect("others may write");
    let last = store.commit(loose(T0, vec![note(json!("after"))])).await.expect("a commit");
    told.wait_for(|head| *head >= last.first).await.expect("the store is open");
    store.close().await;
    other.close().await;
    let again = PostgresStore::connect(&cluster.url()).await.expect("a store");
    assert_eq!(again.head().await.expect("the head"), last.first);
    again.close().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_its_password() {
    let port =
        std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port").local_addr().expect("its number").port();
    match store::open(&format!("postgres://user:secret@127.0.0.1:{port}/x")).await.map(drop) {
        Err(StoreError::Backend { message, temporary: true }) => {
            assert!(message.contains(&format!("127.0.0.1:{port}")) && !message.contains("secret"), "{message}");
        }
        other => panic!("expected an error, got {other:?}"),
    }
}
