//! Places that are limited, and rates.

use super::{
    Backend,
    sample::{Run, T0, id},
};
use crate::{Store, StoreError};
use futures::future::join_all;
use protocol::{ExecutionId, Outcome, Timestamp};
use std::sync::Arc;

fn after(ms: i64) -> Timestamp {
    Timestamp(T0.0 + ms)
}

fn execution() -> ExecutionId {
    ExecutionId(id())
}

async fn acquire(store: &Arc<dyn Store>, key: &str, id: ExecutionId, limit: u32) -> bool {
    store.acquire(key, id, limit, T0).await.expect("an answer")
}

/// So many at once and no more; asking again takes no second place; what is given back can be taken, also under a
/// lower limit only when fewer hold one.
pub async fn so_many_hold_a_place_at_once(backend: &dyn Backend) {
    let store = backend.open().await;
    let [a, b, c, d] = [execution(), execution(), execution(), execution()];
    assert!(!acquire(&store, "k", a, 0).await);
    assert!(acquire(&store, "k", a, 2).await);
    assert!(acquire(&store, "k", a, 2).await, "it holds one");
    assert!(acquire(&store, "k", b, 2).await);
    assert!(!acquire(&store, "k", c, 2).await);
    assert!(acquire(&store, "k", a, 1).await, "what is held is held");
    assert!(acquire(&store, "other", c, 1).await);
    assert_eq!(store.permits("k").await.expect("permits"), [a, b]);
    assert!(acquire(&store, "k", c, 3).await, "the limit was raised");
    assert_eq!(store.release(a).await.expect("released"), ["k"]);
    assert!(!acquire(&store, "k", d, 2).await, "the limit was lowered, and two hold one");
    assert_eq!(store.release(c).await.expect("released"), ["k", "other"]);
    assert_eq!(store.release(c).await.expect("released"), [""; 0]);
    assert!(acquire(&store, "k", d, 2).await);
    assert_eq!(store.permits("k").await.expect("permits"), [b, d]);
    assert_eq!(store.permits("other").await.expect("permits"), []);
}

/// A crowd asks for a few places, gives them back and asks again: never more than the limit hold one.
pub async fn a_crowd_never_exceeds_the_limit(backend: &dyn Backend) {
    let store = backend.open().await;
    let tasks = (0..24).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let (mine, mut held) = (execution(), 0);
            for _ in 0..12 {
                if acquire(&store, "crowd", mine, 3).await {
                    let holders = store.permits("crowd").await.expect("permits");
                    assert!(holders.len() <= 3 && holders.contains(&mine), "{holders:?}");
                    store.release(mine).await.expect("released");
                    held += 1;
                }
            }
            held
        })
    });
    let held: u32 = join_all(tasks).await.into_iter().map(|joined| joined.expect("no panic")).sum();
    assert!(held >= 3, "{held} were let in");
    assert_eq!(store.permits("crowd").await.expect("permits"), []);
    let rivals = join_all((0..20).map(|_| acquire(&store, "crowd", execution(), 7))).await;
    assert_eq!(rivals.into_iter().filter(|taken| *taken).count(), 7, "no place is left empty either");
}

/// Places of what has ended, or never came to be, are given back; those just taken wait for their execution.
pub async fn places_of_what_is_gone_are_swept(backend: &dyn Backend) {
    let store = backend.open().await;
    let (mut running, mut ended) = (Run::of("samples/running"), Run::of("samples/ended"));
    let (unborn, fresh) = (execution(), execution());
    for (id, at) in [(running.id, 0), (ended.id, 0), (unborn, 0), (fresh, 60_000)] {
        assert!(store.acquire("k", id, 10, after(at)).await.expect("an answer"));
    }
    store.commit(running.start()).await.expect("a commit");
    store.commit(ended.start()).await.expect("a commit");
    assert_eq!(store.sweep_permits(after(60_000)).await.expect("swept"), ["k"], "of the one that never started");
    store.commit(ended.end(Outcome::Cancelled)).await.expect("a commit");
    assert_eq!(store.sweep_permits(after(60_000)).await.expect("swept"), ["k"]);
    assert_eq!(store.sweep_permits(after(60_000)).await.expect("swept"), [""; 0]);
    assert!(store.acquire("other", ended.id, 10, after(0)).await.expect("an answer"));
    assert_eq!(store.release_ended("k").await.expect("released"), 0);
    assert_eq!(store.release_ended("other").await.expect("released"), 1);
    assert_eq!(store.permits("k").await.expect("permits"), [running.id, fresh]);
    assert_eq!(store.sweep_permits(after(60_001)).await.expect("swept"), ["k"]);
    assert_eq!(store.permits("k").await.expect("permits"), [running.id]);
}

/// A full bucket gives its limit at once, then one each part of the time; an empty one says when. Nothing that was
/// refused counts.
pub async fn a_rate_is_kept_and_says_when(backend: &dyn Backend) {
    let store = backend.open().await;
    let take = |key: &'static str, at: i64| {
        let store = store.clone();
        async move { store.take_rate(key, 4, 1_000, after(at)).await.expect("an answer") }
    };
    for _ in 0..4 {
        assert_eq!(take("k", 0).await, Ok(()));
    }
    for _ in 0..3 {
        assert_eq!(take("k", 100).await, Err(after(250)));
    }
    assert_eq!(take("other", 100).await, Ok(()));
    assert_eq!(take("k", 249).await, Err(after(250)));
    assert_eq!(take("k", 250).await, Ok(()), "at the time said");
    assert_eq!(take("k", 250).await, Err(after(500)));
    for at in [800, 800] {
        assert_eq!(take("k", at).await, Ok(()), "two have come together");
    }
    assert_eq!(take("k", 800).await, Err(after(1_000)));
    for _ in 0..4 {
        assert_eq!(take("k", 60_000).await, Ok(()), "full again, and no fuller than full");
    }
    assert_eq!(take("k", 60_000).await, Err(after(60_250)));
    // The clock was set back an hour: the bucket is empty, and does not stay so for an hour.
    assert_eq!(take("k", -3_600_000).await, Err(after(-3_600_000 + 250)));
    assert_eq!(take("k", -3_600_000 + 250).await, Ok(()));
    // Thirds of a millisecond are kept apart.
    let mut taken = 0;
    for at in 0..1_000 {
        while store.take_rate("fine", 3_000, 1_000, after(at)).await.expect("an answer").is_ok() {
            taken += 1;
        }
        if at == 10 {
            break;
        }
    }
    assert!((3_030..=3_034).contains(&taken), "{taken}");
    for (limit, per_ms) in [(0, 1_000), (1, 0)] {
        let refused = store.take_rate("k", limit, per_ms, T0).await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    }
    store.sweep_permits(after(-3_600_000)).await.expect("swept");
    assert_eq!(take("k", -3_600_000 + 250).await, Err(after(-3_600_000 + 500)), "a bucket in use is kept");
}

/// Many at once take exactly what there is.
pub async fn a_crowd_never_exceeds_the_rate(backend: &dyn Backend) {
    let store = backend.open().await;
    let takers = (0..40).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.take_rate("crowd", 9, 60_000, T0).await.expect("an answer") })
    });
    let answers = join_all(takers).await.into_iter().map(|joined| joined.expect("no panic"));
    assert_eq!(answers.filter(Result::is_ok).count(), 9);
}
