//! Pages of history are bounded by their bytes, whatever is asked for, and add up to the whole.

use crate::support::{Bench, playbook};
use protocol::{
    Envelope, Position,
    api::{EventPage, EventQuery},
};
use serde_json::json;

/// What a page ends after, and what may be read at once beyond it.
const BYTES: usize = 7 << 20;

fn bytes(page: &EventPage) -> usize {
    serde_json::to_vec(&page.events).expect("JSON").len()
}

#[tokio::test]
async fn an_executions_large_events_come_in_pages_that_add_up() {
    let bench = Bench::on(testkit::fresh_store().await, 1).await;
    let steps: String = (0..30)
        .map(|n| {
            let next = if n == 29 { "end".to_owned() } else { format!("s{}", n + 1) };
            format!("  - {{step: s{n}, type: python, code: 'x', next: {next}}}\n")
        })
        .collect();
    let source = playbook("large", &format!("  - {{step: start, next: s0}}\n{steps}  - {{step: end}}\n"));
    let id = bench.submit(&source, json!({})).await;
    for _ in 0..30 {
        bench.arrival().await.complete(json!("x".repeat(200_000)));
    }
    let count = bench.ended(id).await.len();

    let (mut all, mut after, mut pages): (Vec<Envelope>, _, _) = (Vec::new(), Position(0), 0);
    loop {
        let page = bench.runtime.api().execution_events(id, after, 1_000).await.expect("a page");
        assert!(bytes(&page) < BYTES, "{} bytes", bytes(&page));
        all.extend(page.events);
        pages += 1;
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    let whole = bench.runtime.api().execution_view(id).await.expect("it exists");
    assert!(pages > 1 && all.len() == count, "{} of {count} in {pages} pages", all.len());
    assert_eq!(all.last().and_then(|event| event.position), Some(whole.position), "the view has all of them, too");
}

#[tokio::test]
async fn a_topics_large_events_come_in_pages_that_add_up_from_either_end() {
    let bench = Bench::on(testkit::fresh_store().await, 1).await;
    let api = bench.runtime.api();
    let memory = |agent: &str, content: String| {
        json!({"type": "memory_timeline", "memoryId": "m", "action": "created", "content": content, "importance": 0.5,
            "tags": [], "agentId": agent})
    };
    let (large, small) = (memory("a", "x".repeat(60_000)), memory("b", "x".to_owned()));
    for _ in 0..15 {
        api.publish(vec![large.clone(); 10]).await.expect("published");
        api.publish(vec![small.clone(); 10]).await.expect("published");
    }
    for (topic, count) in [("memory_timeline", 300), ("events", 300), ("agent:a", 150)] {
        for types in [None, Some("memory_timeline".to_owned())] {
            for newest_first in [false, true] {
                let what = format!("{topic} {types:?} {newest_first}");
                let mut query = EventQuery {
                    topic: Some(topic.to_owned()),
                    types: types.clone(),
                    limit: Some(1_000),
                    newest_first,
                    ..EventQuery::default()
                };
                let (mut positions, mut pages) = (Vec::new(), 0);
                loop {
                    let page = api.events(query.clone()).await.expect("a page");
                    assert!(bytes(&page) < BYTES, "{what}: {} bytes", bytes(&page));
                    positions.extend(page.events.iter().filter_map(|event| event.position));
                    pages += 1;
                    let Some(next) = page.next else { break };
                    *if newest_first { &mut query.through } else { &mut query.after } = Some(next.0);
                }
                assert!(pages > 1 && pages < 20, "{what}: {pages} pages");
                if newest_first {
                    positions.reverse();
                }
                assert!(positions.is_sorted_by(|a, b| a < b), "{what}: each once, in order");
                assert_eq!(positions.len(), count, "{what}");
            }
        }
    }
}
