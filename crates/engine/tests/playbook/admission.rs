//! `concurrency`, `rate`, `priority`, `timeout_s`: what is read, and what is refused.

use crate::{HEAD, errors, parse, short};
use engine::Playbook;
use serde_json::{Value, json};

const FLOW: &str = "workflow:\n  - step: start\nworkload: {customer: nobody}\n";

fn playbook(rest: &str) -> Playbook {
    let parsed = parse(&format!("{HEAD}{FLOW}{rest}"));
    assert!(parsed.diagnostics.is_empty(), "{rest}: {:?}", parsed.diagnostics);
    parsed.playbook.unwrap()
}

/// The errors of what stands on line 9.
fn check(rest: &str, expect: &[&str], hint: &str) {
    let errors = errors(&format!("{HEAD}{FLOW}{rest}"));
    assert_eq!(errors.iter().map(short).collect::<Vec<_>>(), expect, "{rest}");
    assert!(errors[0].hint.as_deref().unwrap_or_default().contains(hint), "{:?}", errors[0].hint);
}

#[test]
fn limits_are_read() {
    let none = playbook("");
    assert!(none.concurrency().is_none() && none.rate().is_none());
    assert_eq!((none.priority(), none.timeout_ms()), (0, None));
    for (rest, limit, max_queued) in [
        ("concurrency: 2", 2, None),
        ("concurrency: {limit: 1}", 1, None),
        ("concurrency: {limit: 3, max_queued: 0}", 3, Some(0)),
    ] {
        let playbook = playbook(rest);
        let concurrency = playbook.concurrency().unwrap();
        assert_eq!((concurrency.limit, concurrency.max_queued), (limit, max_queued), "{rest}");
    }
    for (rest, limit, per_ms) in [("rate: {limit: 5}", 5, 1000), ("rate: {limit: 1, per_s: 0.5}", 1, 500)] {
        let playbook = playbook(rest);
        let rate = playbook.rate().unwrap();
        assert_eq!((rate.limit, rate.per_ms), (limit, per_ms), "{rest}");
    }
    let told = playbook("priority: -5\ntimeout_s: 3600");
    assert_eq!((told.priority(), told.timeout_ms()), (-5, Some(3_600_000)));
}

#[test]
fn keys_are_rendered_over_the_workload() {
    let key = |rest: &str, input: Value| playbook(&format!("concurrency: {rest}")).concurrency_key(&input);
    assert_eq!(key("1", json!(null)).unwrap(), "tests/t");
    for (template, input, expect) in [
        ("all", json!(null), "all"),
        ("'{{ workload.customer }}'", json!(null), "nobody"),
        ("'{{ work.customer }}-x'", json!({"customer": "acme"}), "acme-x"),
        ("'{{ workload.n }}'", json!({"n": 7}), "7"),
    ] {
        assert_eq!(key(&format!("{{limit: 1, key: {template}}}"), input).unwrap(), expect);
    }
    for template in ["{{ workload.nope }}", "{{ execution_id }}", "{{ result }}", "{{ body }}"] {
        let error = key(&format!("{{limit: 1, key: '{template}'}}"), json!(null)).unwrap_err();
        assert_eq!(error.code, "template_failed");
        for part in ["`concurrency` of playbook `tests/t`", template, "is not defined"] {
            assert!(error.message.contains(part), "{part}: {}", error.message);
        }
    }
    let rate = playbook("rate: {limit: 1, key: 'k-{{ workload.customer }}'}");
    assert_eq!(rate.rate_key(&json!({})).unwrap(), "k-nobody");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    check("concurrency: []", &["wrong_type 9:14 /concurrency"], "limit: 1");
    check("concurrency: 0", &["bad_value 9:14 /concurrency"], "from 1");
    check("concurrency: {key: x}", &["missing_field 9:14 /concurrency"], "limit: 1");
    check("concurrency: {limit: -1}", &["bad_value 9:22 /concurrency/limit"], "from 1");
    check(
        "concurrency: {limit: many, max_queued: -1, key: [a]}",
        &[
            "bad_value 9:22 /concurrency/limit",
            "bad_value 9:40 /concurrency/max_queued",
            "wrong_type 9:49 /concurrency/key",
        ],
        "from 1",
    );
    check("concurrency: {limit: 1, key: '{{ a b }}'}", &["bad_expression 9:36 /concurrency/key"], "Jinja");
    check("rate: 5", &["wrong_type 9:7 /rate"], "per_s");
    check("rate: {per_s: 60}", &["missing_field 9:7 /rate"], "per_s");
    check("rate: {limit: 1, per_s: 0}", &["bad_value 9:25 /rate/per_s"], "above 0");
    check("priority: high", &["bad_value 9:11 /priority"], "-100 to 100");
    check("priority: 101", &["bad_value 9:11 /priority"], "-100 to 100");
    check("timeout_s: 0", &["bad_value 9:12 /timeout_s"], "above 0");
}
