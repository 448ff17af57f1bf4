//! What a page rendered and then brought forward by events shows is what a page rendered later shows.

use crate::support::{Bench, playbook};
use protocol::{Envelope, ExecutionId, Position, Topic, view::ExecutionView};
use serde_json::json;
use worker::Run;

const FAILING: &str = "
  - {step: start, next: [a, b]}
  - {step: a, type: noop, data: {n: 1}, next: [{step: c, when: '{{ a.n > 3 }}'}, {step: d, when: '{{ a.n < 3 }}'}]}
  - {step: b, type: python, code: 'x', next: [{step: end}, {step: d, on: failed}]}
  - {step: c, type: noop, next: end}
  - {step: d, type: noop, next: end}
  - {step: end, result: {n: '{{ a.n }}'}}
";

async fn log(bench: &Bench, topic: &Topic) -> Vec<Envelope> {
    bench.store.log(topic, Position(0), 10_000).await.expect("readable").events
}

#[tokio::test]
async fn an_execution_view_from_any_position_catches_up_to_the_same() {
    let bench = Bench::on(testkit::fresh_store().await, 4).await;
    let id = bench.submit(&playbook("views", FAILING), json!({})).await;
    bench.arrival().await.end(Run::failed(protocol::TaskError::new("python_exception", "ValueError: no")));
    bench.ended(id).await;
    catches_up(&bench, id).await;
}

/// Rendered after any event and brought forward from there, the view is what it is when it is rendered now.
async fn catches_up(bench: &Bench, id: ExecutionId) -> ExecutionView {
    let events = log(bench, &Topic::Execution(id)).await;
    let whole = bench.runtime.api().execution_view(id).await.expect("it exists");
    assert_eq!(whole.position, events.last().and_then(|event| event.position).expect("durable"));
    for rendered in 0..=events.len() {
        let mut view = ExecutionView::new(id);
        events[..rendered].iter().for_each(|event| {
            view.apply(event);
        });
        // Over the wire, as the page carries it, and with a catch-up that repeats what the page has.
        let text = serde_json::to_string(&view).expect("serialises");
        let mut live: ExecutionView = serde_json::from_str(&text).expect("reads back");
        events[rendered.saturating_sub(3)..].iter().for_each(|event| {
            live.apply(event);
        });
        assert_eq!(live, whole, "rendered after {rendered} events");
    }
    whole
}

const ITEMS: &str = "
  - {step: start, next: each}
  - step: each
    type: iterator
    collection: '{{ range(9) | list }}'
    element: n
    mode: async
    concurrency: 3
    on_item_error: continue
    task:
      type: python
      code: x
      data: {n: '{{ n }}'}
      retry: {max_attempts: 2, initial_delay: 0.001}
      save: {storage: event_log, data: {n: '{{ this.n }}'}}
    next: end
  - {step: end, result: '{{ each | length }}'}
";

#[tokio::test]
async fn the_items_of_an_iterator_are_counted_as_they_end() {
    let bench = Bench::on(testkit::fresh_store().await, 4).await;
    let id = bench.submit(&playbook("items", ITEMS), json!({})).await;
    // Every third item fails, and two of them for good.
    for _ in 0..9 + 3 {
        let work = bench.arrival().await;
        let n = work.task.input["n"].as_u64().expect("a number");
        if n % 3 == 0 && (n > 0 || work.task.key.attempt == 1) {
            work.end(Run::failed(protocol::TaskError::new("python_exception", "ValueError: no")));
        } else {
            work.complete(json!({"n": n}));
        }
    }
    bench.ended(id).await;
    let view = catches_up(&bench, id).await;
    let step = view.steps.iter().find(|step| step.step == "each").expect("it ran");
    let items = step.items.as_ref().expect("its items");
    assert_eq!((items.count, items.completed, items.failed), (9, 7, 2));
    assert!(items.open.is_empty());
    let mut failures: Vec<u32> = items.failures.iter().map(|item| item.item).collect();
    failures.sort_unstable();
    assert_eq!(failures, [3, 6]);
}

#[tokio::test]
async fn a_dashboard_brought_forward_by_events_counts_what_a_later_one_does() {
    let bench = Bench::on(testkit::fresh_store().await, 8).await;
    let api = bench.runtime.api();
    let fails = playbook(
        "fails",
        "\n  - {step: start, next: a}\n  - {step: a, type: python, code: 'x', next: end}\n  - {step: end}\n",
    );
    let mut rendered = vec![api.dashboard().await.expect("readable")];
    let mut ids = Vec::new();
    for round in 0..6 {
        let id = bench.submit(&fails, json!({"round": round})).await;
        rendered.push(api.dashboard().await.expect("readable"));
        let arrived = bench.arrival().await;
        match round % 3 {
            0 => arrived.complete(json!({})),
            1 => arrived.end(Run::failed(protocol::TaskError::new("python_exception", "ValueError: no"))),
            _ => {
                api.cancel(id, None).await.expect("cancelled");
                drop(bench.arrival().await);
                drop(arrived);
            }
        }
        bench.ended(id).await;
        ids.push(id);
        rendered.push(api.dashboard().await.expect("readable"));
    }
    let whole = api.dashboard().await.expect("readable");
    assert_eq!(
        (whole.counts.running, whole.counts.completed, whole.counts.failed, whole.counts.cancelled),
        (0, 2, 2, 2)
    );
    let events = log(&bench, &Topic::WorkflowExecutions).await;
    for (index, mut live) in rendered.into_iter().enumerate() {
        events.iter().for_each(|event| live.apply(event));
        assert_eq!(live.counts, whole.counts, "rendered {index}");
        assert_eq!(live.running, whole.running, "rendered {index}");
        let failed =
            |view: &protocol::view::DashboardView| view.failures.iter().map(|row| row.execution_id).collect::<Vec<_>>();
        assert_eq!(failed(&live), failed(&whole), "rendered {index}");
    }
}
