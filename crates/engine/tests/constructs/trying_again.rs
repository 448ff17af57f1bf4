//! `retry`.

use crate::{Case, case, of};
use protocol::{Event, event::RetryScheduled};
use serde_json::{Value, json};

fn scheduled(run: &crate::Run) -> Vec<RetryScheduled> {
    let of = |(event, _): &(Event, protocol::Timestamp)| match event {
        Event::RetryScheduled(event) => Some(event.clone()),
        _ => None,
    };
    run.log.iter().filter_map(of).collect()
}

/// A step with this `retry`, which fails as often as it is run: how many attempts.
fn attempts(name: &'static str, retry: Value, expect: u32) -> Case {
    case(name, of(json!([{ "step": "start", "type": "noop", "retry": retry }])), move |run| {
        run.start(json!({}));
        let mut made = 0;
        while run.outcome().is_none() {
            run.now = run.now.plus_ms(120_000);
            run.fail("start", "no luck");
            made += 1;
        }
        assert_eq!(made, expect);
    })
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        attempts("retry: true is three attempts", json!(true), 3),
        attempts("retry: a number of attempts", json!(5), 5),
        attempts("retry: false is none", json!(false), 1),
        attempts(
            "retry: stop_when wins",
            json!({ "max_attempts": 9, "retry_when": "true", "stop_when": "attempt == 2 and not success" }),
            2,
        ),
        case(
            "retry: the pause grows up to the longest",
            of(
                json!([{ "step": "start", "type": "noop", "retry": { "max_attempts": 4, "initial_delay": 2, "backoff_multiplier": 3, "max_delay": 10, "jitter": false } }]),
            ),
            |run| {
                run.start(json!({}));
                for _ in 0..3 {
                    run.fail("start", "no luck");
                    run.now = run.now.plus_ms(60_000);
                }
                let pauses: Vec<u64> = scheduled(run).iter().map(|retry| retry.delay_ms).collect();
                assert_eq!(pauses, [2_000, 6_000, 10_000]);
            },
        ),
        case(
            "retry: retry_when knows result, data, status_code, success, attempt, and may ask for more after a success",
            of(
                json!([{ "step": "start", "type": "noop", "retry": { "max_attempts": 3, "retry_when": "{{ success and status_code == 202 and data.state == 'busy' and result.id == 1 and attempt < 3 }}" } }]),
            ),
            |run| {
                run.start(json!({}));
                let busy = json!({ "id": 1, "status_code": 202, "data": { "state": "busy" } });
                run.complete("start", busy.clone());
                assert_eq!(scheduled(run).len(), 1);
                run.now = run.now.plus_ms(60_000);
                run.complete("start", json!({ "id": 1, "status_code": 200, "data": { "state": "done" } }));
                assert_eq!(run.result()["status_code"], json!(200));
            },
        ),
    ]
}
