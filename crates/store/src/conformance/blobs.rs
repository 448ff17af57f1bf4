//! Values too large for an event.

use super::{
    Backend,
    sample::{Run, as_read, everything},
};
use crate::{
    Store, StoreError,
    limits::{BLOB_FROM_BYTES, MAX_BLOB_BYTES, MAX_DEPTH},
};
use protocol::{
    Envelope, Event, ExecutionId, Outcome, Position,
    blob::BlobRef,
    event::{Progress, StepReused},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A JSON string of so many bytes.
fn large(bytes: usize) -> Value {
    Value::String("x".repeat(bytes - 2))
}

async fn hydrated(store: &Arc<dyn Store>, id: ExecutionId) -> Vec<Envelope> {
    let mut events = store.execution_events(id, Position(0), 1_000).await.expect("events");
    store.hydrate(&mut events).await.expect("hydrated");
    events
}

fn result(envelope: &Envelope) -> &Value {
    match &envelope.event {
        Event::ActionCompleted(e) => &e.result,
        Event::ExecutionComplete(e) => &e.result,
        other => panic!("no result in a `{}`", other.name()),
    }
}

/// Exactly above the limit: whoever hears or reads the event sees the reference, the engine sees the value, and
/// equal values are stored once.
pub async fn large_values_are_referred_to(backend: &dyn Backend) {
    let store = backend.open().await;
    let (mut run, value, fits) = (Run::of("samples/large"), large(BLOB_FROM_BYTES + 1), large(BLOB_FROM_BYTES));
    let mut start = run.start();
    if let Some(Event::ExecutionStart(e)) = start.events.first_mut().map(|new| &mut new.event) {
        (e.workload, e.input) = (json!({"n": value}).into(), value.clone().into());
    }
    if let Some(change) = &mut start.execution {
        change.input = Some(value.clone().into());
    }
    let before = start.events[0].event.clone();
    let started = store.commit(start).await.expect("a commit");
    store.commit(run.return_value("fits", 1, fits.clone())).await.expect("a commit");
    let completed = store.commit(run.return_value("large", 1, value.clone())).await.expect("a commit");
    let mut end = run.end(Outcome::Completed);
    if let Some(change) = &mut end.execution {
        change.result = Some(value.clone().into());
    }
    store.commit(end).await.expect("a commit");

    let reference = BlobRef::of(result(&completed.events[0])).expect("a reference is what is told");
    assert_eq!(reference.bytes, value.to_string().len() as u64);
    let Event::ExecutionStart(told) = &started.events[0].event else { panic!("the first event") };
    assert_eq!(BlobRef::of(&told.input), Some(reference.clone()), "the same value, the same reference");
    let workload = BlobRef::of(&told.workload).expect("a reference");
    assert_ne!(workload.id, reference.id);

    let events = everything(&*store).await;
    assert_eq!(events[..3], as_read(&started.events));
    assert_eq!(result(&events[3]), &fits, "what fits stays in the event");
    assert_eq!(result(&events[4]), &reference.value());
    let found = store.execution(run.id).await.expect("a read").expect("it is there");
    assert_eq!((found.input, found.result), (reference.value(), Some(reference.value())));
    let stored = store.blob(&reference.id).await.expect("a read").expect("it is there");
    assert_eq!((stored.bytes, stored.data), (reference.bytes, value.to_string()));
    assert_eq!(store.blob(&"0".repeat(64)).await.expect("a read"), None);

    let whole = hydrated(&store, run.id).await;
    assert_eq!((&whole[0].event, result(&whole[4])), (&before, &value));
    let Event::ExecutionStart(start) = &whole[0].event else { panic!("the first event") };
    let Event::ActionCompleted(last) = &whole[4].event else { panic!("the large one") };
    assert!(Arc::ptr_eq(&start.input, &last.result), "equal values are in memory once");
}

/// What a rerun takes over: the step's input was large where it ran, and is here.
pub async fn what_is_taken_over_is_referred_to(backend: &dyn Backend) {
    let store = backend.open().await;
    let (mut run, input) = (Run::of("samples/rerun"), large(17 * 1024 * 1024));
    store.commit(run.start()).await.expect("a commit");
    let mut commit = run.return_value("start", 1, json!({"ok": true}));
    let reused = StepReused {
        execution_id: run.id,
        path: run.path.to_string(),
        step: "taken".into(),
        visit: 1,
        of: run.id,
        input: input.clone().into(),
        result: json!({"ok": true}).into(),
        progress: Progress::default(),
        arcs: Vec::new(),
    };
    commit.events[0].event = reused.into();
    let told = store.commit(commit).await.expect("more than an event may hold");
    let input_of = |event: &Event| match event {
        Event::StepReused(e) => e.input.clone(),
        other => panic!("no input in a `{}`", other.name()),
    };
    assert!(BlobRef::of(&input_of(&told.events[0].event)).is_some(), "a reference is what is told");
    let whole = hydrated(&store, run.id).await;
    assert_eq!(*input_of(&whole.last().expect("it is there").event), input);
}

/// An action may return what looks like a reference, even to a value that is there: it stays what it is.
pub async fn a_reference_leads_only_to_values_of_its_own_execution(backend: &dyn Backend) {
    let store = backend.open().await;
    let (mut owner, mut other) = (Run::of("samples/owner"), Run::of("samples/other"));
    store.commit(owner.start()).await.expect("a commit");
    store.commit(other.start()).await.expect("a commit");
    let secret = large(300_000);
    let told = store.commit(owner.return_value("large", 1, secret.clone())).await.expect("a commit");
    let reference = result(&told.events[0]).clone();
    store.commit(other.return_value("forged", 1, reference.clone())).await.expect("a commit");
    assert_eq!(result(&hydrated(&store, other.id).await[3]), &reference);
    store.commit(other.return_value("honest", 1, secret.clone())).await.expect("a commit");
    assert_eq!(result(&hydrated(&store, other.id).await[4]), &secret, "it has the value too, stored once");
}

/// A value beyond an event's limit is fine; beyond a blob's it is refused, as is one nobody could read back. A
/// conflicting commit leaves none.
pub async fn values_have_their_limits(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut run = Run::of("samples/limits");
    store.commit(run.start()).await.expect("a commit");
    let refused = async |result: Value, names: &str| match store.commit(run.clone().return_value("s", 1, result)).await
    {
        Err(StoreError::Refused(message)) => assert!(message.contains(names), "{message}"),
        other => panic!("expected a refusal, got {other:?}"),
    };
    refused(large(MAX_BLOB_BYTES + 1), "the limit is").await;
    let mut deep = large(300_000);
    for _ in 0..=MAX_DEPTH {
        deep = json!([deep]);
    }
    refused(deep, "nested deeper").await;
    let lost = large(400_000);
    let id: String = Sha256::digest(lost.to_string()).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut stale = run.clone();
    stale.version = 1;
    let told = store.commit(stale.return_value("s", 1, lost.clone())).await;
    assert!(matches!(told, Err(StoreError::Conflict { .. })), "{told:?}");
    assert_eq!(store.blob(&id).await.expect("a read"), None, "nothing of a conflicting commit is there");
    let huge = large(20 * 1024 * 1024);
    store.commit(run.return_value("s", 1, huge.clone())).await.expect("more than an event may hold");
    assert_eq!(result(&hydrated(&store, run.id).await[3]), &huge);
    store.commit(run.return_value("lost", 1, lost.clone())).await.expect("a commit");
    assert_eq!(store.blob(&id).await.expect("a read").map(|blob| blob.data), Some(lost.to_string()));
}
