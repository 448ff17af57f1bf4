//! Several servers on one PostgreSQL: one log without gaps, each told of what the others wrote.

use futures::future::join_all;
use protocol::{Event, Outcome, Phase, Position, Topic, event::Origin};
use serde_json::json;
use std::{collections::BTreeSet, sync::Arc};
use store::{
    Store, StoreError,
    conformance::{
        postgres::Schema,
        sample::{Run, T0, assert_gap_free, everything, loose, note, playbook},
    },
};

/// Writers of each of the two servers.
const WRITERS: usize = 8;
/// What each of them commits of its own, and of what all share.
const STEPS: usize = 20;

async fn two() -> (Schema, Arc<dyn Store>, Arc<dyn Store>) {
    let schema = Schema::fresh().await;
    let url = schema.url();
    // Both find an empty schema, and migrate it.
    let (one, other) = tokio::join!(store::open(&url), store::open(&url));
    let (one, other) = (one.expect("a store"), other.expect("a store"));
    assert_eq!(one.epoch(), other.epoch());
    (schema, one, other)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_write_one_log_and_a_reader_misses_nothing() {
    let (_schema, one, other) = two().await;
    let mut shared = Run::of("samples/shared");
    one.commit(shared.start()).await.expect("a commit");
    let of_one = 3 + 4 * STEPS + 3;
    let total = 3 + 2 * WRITERS * (of_one + STEPS);

    let reader = tokio::spawn({
        let store = one.clone();
        async move {
            let mut told = store.foreign().expect("others may write");
            let (mut events, mut after) = (Vec::new(), Position(0));
            while events.len() < total {
                let page = store.log(&Topic::Events, after, 100).await.expect("a page");
                after = page.through;
                let at_head = page.at_head;
                events.extend(page.events);
                if at_head && events.len() < total {
                    // Own commits are not told: look again soon.
                    tokio::select! {
                        changed = told.changed() => changed.expect("the store is open"),
                        () = tokio::task::yield_now() => {}
                    }
                }
            }
            events
        }
    });
    let writers = (0..2 * WRITERS).map(|n| {
        let (store, mut shared) = (if n % 2 == 0 { one.clone() } else { other.clone() }, shared.clone());
        tokio::spawn(async move {
            let mut own = Run::of("samples/own");
            store.commit(own.start()).await.expect("a commit");
            for step in 0..STEPS {
                store.commit(own.step()).await.expect("nobody else moves this one");
                contribute(&*store, &mut shared, &format!("{n}/{step}")).await;
            }
            store.commit(own.end(Outcome::Completed)).await.expect("a commit");
        })
    });
    for joined in join_all(writers).await {
        joined.expect("no panic");
    }
    let events = reader.await.expect("no panic");
    assert_gap_free(&events);
    assert_eq!(events, everything(&*other).await);
    let contributions: BTreeSet<&str> = events
        .iter()
        .filter_map(|event| match &event.event {
            Event::ActionCompleted(done) if done.step.contains('/') => Some(done.step.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(contributions.len(), 2 * WRITERS * STEPS, "each contribution is there once");
    let row = one.execution(shared.id).await.expect("a read").expect("the execution");
    assert_eq!(row.summary.status, Phase::InProgress);
    let counts = one.counts().await.expect("counts").0;
    assert_eq!((counts.completed, counts.running), (2 * WRITERS as u64, 1));
    one.close().await;
    other.close().await;
}

/// Commits one event to an execution that all move, however often somebody else is faster.
async fn contribute(store: &dyn Store, shared: &mut Run, step: &str) {
    loop {
        let mut next = shared.clone();
        match store.commit(next.return_value(step, 1, json!(null))).await {
            Ok(_) => {
                *shared = next;
                return;
            }
            Err(StoreError::Conflict { found, .. }) => shared.version = found,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn what_others_write_is_told_and_what_is_written_here_is_not() {
    let (_schema, one, other) = two().await;
    let mut told = one.foreign().expect("others may write");
    let say = || loose(T0, vec![note(json!(1))]);
    // From here on one listens.
    other.commit(say()).await.expect("a commit");
    told.wait_for(|head| *head == Position(1)).await.expect("the store is open");
    for _ in 0..3 {
        one.commit(say()).await.expect("a commit");
    }
    other.commit(say()).await.expect("a commit");
    told.changed().await.expect("the store is open");
    assert_eq!(*told.borrow(), Position(5), "the three before were its own");
    one.close().await;
    assert!(told.changed().await.is_err(), "nothing is told any more");
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_once_is_given_to_one_of_two_servers() {
    let (_schema, one, other) = two().await;
    let tries = (0..20).map(|n| {
        let store = if n % 2 == 0 { one.clone() } else { other.clone() };
        tokio::spawn(async move {
            let origin = Origin { idempotency_key: Some("order 7".into()), ..Origin::default() };
            let mut run = Run::of("samples/submitted");
            let submitted = store.commit(run.start_from(origin)).await;
            let place = store.acquire("three at once", run.id, 3, T0).await.expect("an answer");
            let source = format!("source {n}");
            let (row, created) = store.register_playbook(playbook("samples/many", &source)).await.expect("a version");
            assert!(created);
            (run.id, submitted, place, row.version)
        })
    });
    let tried: Vec<_> = join_all(tries).await.into_iter().map(|joined| joined.expect("no panic")).collect();
    let submitted: Vec<_> = tried.iter().filter(|(_, submitted, ..)| submitted.is_ok()).map(|(id, ..)| *id).collect();
    assert_eq!(submitted.len(), 1, "one key, one execution");
    for (_, result, ..) in &tried {
        match result {
            Ok(_) => {}
            Err(StoreError::Exists { execution, .. }) => assert_eq!(*execution, submitted[0]),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(tried.iter().filter(|(_, _, place, _)| *place).count(), 3, "three places");
    let versions: BTreeSet<u32> = tried.iter().map(|(.., version)| *version).collect();
    assert_eq!(versions, (1..=20).collect(), "versions count up without gaps");
    one.close().await;
    other.close().await;
}
