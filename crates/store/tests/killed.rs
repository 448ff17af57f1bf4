//! `kill -9` in the middle of commits: everything acknowledged is there, every commit is there whole or not at
//! all, and positions go on without a gap.

use futures::future::join_all;
use protocol::{ExecutionId, Position, Topic};
use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
};
use store::{
    Store,
    conformance::sample::{Run, assert_gap_free, history},
    sqlite::SqliteStore,
};

/// Set for the child process: the database to write.
const DATABASE: &str = "SIGNALBOX_TEST_DATABASE";
/// Executions moved at once by the child.
const SIDE_BY_SIDE: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_and_nothing_is_half_there() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = folder.path().join("signalbox.db");
    let mut acknowledged: HashMap<ExecutionId, u64> = HashMap::new();
    let mut head = Position(0);
    for round in 0..6 {
        // A different moment each time: after so many commits, and whatever is under way then.
        write_until_killed(&database, 20 + round * 67, &mut acknowledged);
        let store = SqliteStore::open(&database).await.expect("the store opens after a kill");
        let events = history(&*store, &Topic::Events, Position(0), 10_000).await;
        assert_gap_free(&events);
        assert!(store.head().await.expect("the head") > head, "round {round} wrote nothing");
        head = store.head().await.expect("the head");

        let mut found: HashMap<ExecutionId, u64> = HashMap::new();
        for event in &events {
            *found.entry(event.event.execution_id().expect("only executions are written")).or_default() += 1;
        }
        for (id, version) in &acknowledged {
            let there = found.get(id).copied().unwrap_or(0);
            assert!(there >= *version, "{id}: {version} events were acknowledged, {there} are there");
        }
        let active = store.active_executions(None, 10_000).await.expect("active");
        assert_eq!(active.len(), found.len());
        let tasks = store.open_tasks(None).await.expect("tasks");
        for row in active {
            let events = found[&row.execution_id];
            assert_eq!(row.version, events, "{}: row and log disagree", row.execution_id);
            assert_eq!((events + 1) % 4, 0, "{}: half a commit", row.execution_id);
            let open: Vec<_> = tasks.iter().filter(|task| task.task.key.execution_id == row.execution_id).collect();
            assert_eq!(open.len(), 1, "{}: one task is open after any whole commit", row.execution_id);
            assert_eq!(open[0].task.key.step, format!("s{}", (events + 1) / 4));
        }
        assert_eq!(store.counts().await.expect("counts").0.running, found.len() as u64);
        store.close().await;
    }
}

/// Not a test: what `write_until_killed` starts. Tells each acknowledged commit as `execution version`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a child process of the other test"]
async fn child() {
    let database = std::env::var(DATABASE).expect("started by another test");
    let store = SqliteStore::open(Path::new(&database)).await.expect("the store opens");
    let movers = (0..SIDE_BY_SIDE).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut run = Run::of("samples/killed");
            store.commit(run.start()).await.expect("a commit");
            loop {
                let version = run.version;
                tell(&format!("acknowledged {} {version}\n", run.id));
                store.commit(run.step()).await.expect("a commit");
            }
        })
    });
    join_all(movers).await;
}

fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    let told = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    told.expect("the parent listens until it kills this process");
}

fn write_until_killed(database: &Path, commits: usize, acknowledged: &mut HashMap<ExecutionId, u64>) {
    let mut child = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env(DATABASE, database)
        .stdout(Stdio::piped())
        .spawn()
        .expect("this binary starts");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut seen = 0;
    // Lines written before the kill count, also those read after it.
    for line in lines.map_while(Result::ok) {
        let mut words = line.split_whitespace().skip_while(|word| *word != "acknowledged").skip(1);
        if let (Some(id), Some(version)) = (words.next(), words.next())
            && let (Ok(id), Ok(version)) = (id.parse(), version.parse())
        {
            let known: &mut u64 = acknowledged.entry(id).or_default();
            *known = (*known).max(version);
            seen += 1;
            if seen == commits {
                child.kill().expect("SIGKILL");
            }
        }
    }
    assert!(seen >= commits, "the child ended by itself after {seen} commits");
    child.wait().expect("the child has ended");
}
