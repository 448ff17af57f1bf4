//! Steps that wait: for a time, a signal, a person.

use crate::{Case, case, of, scenario::signal};
use serde_json::json;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("wait: seconds", of(json!([{ "step": "start", "type": "wait", "seconds": 5 }])), |run| {
            let decision = run.start(json!({}));
            let wake_at = decision.wake_at.expect("it is woken");
            run.now = wake_at;
            run.input(engine::Input::Tick);
            assert_eq!(run.outcome(), Some(protocol::Outcome::Completed));
        }),
        case("wait: until", of(json!([{ "step": "start", "type": "wait", "until": "1970-01-01T00:20:00Z" }])), |run| {
            assert_eq!(run.start(json!({})).wake_at, Some(protocol::Timestamp(1_200_000)));
        }),
        case(
            "wait: signal, with its data, within timeout_s",
            of(json!([{ "step": "start", "type": "wait", "signal": "paid", "timeout_s": 60 }])),
            |run| {
                run.start(json!({}));
                run.input(signal("paid", json!({ "sum": 5 })));
                assert_eq!(run.result(), json!({ "sum": 5 }));
            },
        ),
        case(
            "approval: message, form, timeout_s, default",
            of(json!([{
                "step": "start", "type": "approval", "message": "Ship {{ 1 + 1 }}?", "timeout_s": 60, "default": { "ok": false },
                "form": [
                    { "name": "ok", "type": "boolean", "label": "OK?", "required": true },
                    { "name": "size", "type": "choice", "options": ["s", "l"], "required": false, "default": "s" },
                ],
            }])),
            |run| {
                let decision = run.start(json!({}));
                assert!(decision.wake_at.is_some());
                let bad = signal("start", json!({ "ok": "perhaps" }));
                assert_eq!(
                    engine::refusal(&run.playbook, &run.execution, &bad).map(|error| error.code),
                    Some("form_invalid".into())
                );
                run.input(signal("start", json!({ "ok": true, "size": "l" })));
                let result = run.result();
                assert_eq!((&result["ok"], &result["size"], &result["by"]), (&json!(true), &json!("l"), &json!("ann")));
            },
        ),
        case(
            "approval: the default is taken when nobody answers in time",
            of(json!([{ "step": "start", "type": "approval", "timeout_s": 60, "default": { "approved": false } }])),
            |run| {
                run.start(json!({}));
                run.now = run.now.plus_ms(60_000);
                run.input(engine::Input::Tick);
                assert_eq!(run.result()["approved"], json!(false));
            },
        ),
    ]
}
