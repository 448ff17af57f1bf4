//! Schedules.

use super::{
    Backend,
    sample::{T0, id},
};
use crate::{Advance, NewSchedule, ScheduleSource};
use futures::future::join_all;
use protocol::{ExecutionId, Timestamp};
use serde_json::json;

fn after(ms: i64) -> Timestamp {
    Timestamp(T0.0 + ms)
}

fn schedule(name: &str, next_at: Option<i64>) -> NewSchedule {
    NewSchedule {
        name: name.into(),
        path: "samples/nightly".into(),
        version: None,
        source: ScheduleSource::Api,
        spec: json!({"cron": "0 3 * * *", "timezone": "Europe/Berlin"}),
        paused: None,
        next_at: next_at.map(after),
    }
}

/// Put, changed, paused and deleted; what it has done stays over a change.
pub async fn a_schedule_is_kept_under_its_name(backend: &dyn Backend) {
    let store = backend.open().await;
    store.put_schedule(schedule("b", Some(10)), T0).await.expect("a write");
    store.put_schedule(schedule("a", None), T0).await.expect("a write");
    let fired = ExecutionId(id());
    let advance = Advance { from: after(10), next_at: Some(after(20)), fired: Some((after(11), fired)) };
    assert!(store.advance_schedule("b", advance).await.expect("an answer"));
    assert!(store.pause_schedule("b", true, Some(after(20)), after(12)).await.expect("an answer"));
    let changed = NewSchedule {
        path: "samples/hourly".into(),
        version: Some(3),
        source: ScheduleSource::Playbook,
        ..schedule("b", Some(30))
    };
    store.put_schedule(changed.clone(), after(13)).await.expect("a write");
    let found = store.schedule("b").await.expect("a read").expect("it is there");
    assert_eq!(
        (found.path.as_str(), found.version, found.source),
        ("samples/hourly", Some(3), ScheduleSource::Playbook)
    );
    assert_eq!(found.spec, changed.spec);
    assert!(found.paused, "a change does not say whether it is paused");
    assert_eq!((found.next_at, found.last_at, found.last_execution), (Some(after(30)), Some(after(11)), Some(fired)));
    assert_eq!((found.created_at, found.updated_at), (T0, after(13)));
    store.put_schedule(NewSchedule { paused: Some(false), ..changed }, after(14)).await.expect("a write");
    let all = store.schedules().await.expect("a list");
    let all: Vec<_> = all.iter().map(|s| (s.name.as_str(), s.paused, s.next_at)).collect();
    assert_eq!(all, [("a", false, None), ("b", false, Some(after(30)))]);
    assert!(!store.add_schedule(schedule("a", Some(99)), after(15)).await.expect("an answer"), "there is one");
    assert_eq!(store.schedule("a").await.expect("a read").expect("it is there").next_at, None);
    assert!(store.add_schedule(schedule("c", Some(99)), after(15)).await.expect("an answer"));
    assert_eq!(store.schedule("c").await.expect("a read").expect("it is there").created_at, after(15));
    assert!(store.delete_schedule("b").await.expect("an answer"));
    assert!(!store.delete_schedule("b").await.expect("an answer"));
    assert!(!store.pause_schedule("b", true, None, T0).await.expect("an answer"));
    assert_eq!(store.schedule("b").await.expect("a read"), None);
}

/// Earliest first; not the paused, not those that never fire again.
pub async fn due_is_what_should_have_fired(backend: &dyn Backend) {
    let store = backend.open().await;
    for (name, next_at) in [("late", Some(30)), ("first", Some(10)), ("second", Some(20)), ("never", None)] {
        store.put_schedule(schedule(name, next_at), T0).await.expect("a write");
    }
    let due = |at| {
        let store = store.clone();
        async move {
            let due = store.due_schedules(after(at)).await.expect("a list");
            due.into_iter().map(|schedule| schedule.name).collect::<Vec<_>>()
        }
    };
    assert_eq!(due(9).await, [""; 0]);
    assert_eq!(due(20).await, ["first", "second"]);
    store.pause_schedule("first", true, Some(after(10)), T0).await.expect("an answer");
    assert_eq!(due(99).await, ["second", "late"]);
    let skip = Advance { from: after(20), next_at: None, fired: None };
    assert!(store.advance_schedule("second", skip).await.expect("an answer"));
    assert_eq!(due(99).await, ["late"]);
    assert_eq!(store.schedule("second").await.expect("a read").expect("it").last_at, None, "it was skipped");
}

/// Every server tries; the time fires once.
pub async fn one_of_many_moves_a_schedule_on(backend: &dyn Backend) {
    let store = backend.open().await;
    store.put_schedule(schedule("s", Some(0)), T0).await.expect("a write");
    for round in 0..5 {
        let tries = (0..10).map(|_| {
            let store = store.clone();
            let fired = Some((after(round), ExecutionId(id())));
            let advance = Advance { from: after(round), next_at: Some(after(round + 1)), fired };
            tokio::spawn(async move { store.advance_schedule("s", advance).await.expect("an answer") })
        });
        let moved = join_all(tries).await.into_iter().filter(|joined| *joined.as_ref().expect("no panic")).count();
        assert_eq!(moved, 1, "round {round}");
    }
    let again = Advance { from: after(5), next_at: None, fired: None };
    store.pause_schedule("s", true, Some(after(5)), T0).await.expect("an answer");
    assert!(!store.advance_schedule("s", again.clone()).await.expect("an answer"), "it is paused");
    store.delete_schedule("s").await.expect("an answer");
    assert!(!store.advance_schedule("s", again).await.expect("an answer"), "it is gone");
}
