//! `schedule` and `webhook`: what is read, and what is refused.

use crate::{HEAD, errors, parse, short};
use engine::{
    Playbook,
    playbook::{CatchUp, Overlap},
};
use serde_json::{Value, json};

const FLOW: &str = "workflow:\n  - step: start\nworkload: {region: eu}\n";

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
fn schedules_are_read() {
    assert!(playbook("").schedules().is_empty());
    let short = playbook("schedule: '0 6 * * *'");
    let [only] = short.schedules() else { panic!("{:?}", short.schedules()) };
    assert_eq!((only.name.as_str(), only.cron.as_str(), only.timezone.as_str()), ("default", "0 6 * * *", "UTC"));
    assert_eq!((only.overlap, only.catch_up, only.is_paused), (Overlap::Allow, CatchUp::None, false));

    let several = playbook(
        "schedule:\n  - {name: nightly, cron: '@daily', timezone: Europe/Berlin, overlap: skip, catch_up: last, paused: true}\n  - {name: often, cron: '*/10 * * * * *', overlap: queue, catch_up: all}\n",
    );
    let told: Vec<_> = several
        .schedules()
        .iter()
        .map(|s| (s.name.as_str(), s.timezone.as_str(), s.overlap.word(), s.catch_up.word(), s.is_paused))
        .collect();
    assert_eq!(told, [("nightly", "Europe/Berlin", "skip", "last", true), ("often", "UTC", "queue", "all", false)]);
}

#[test]
fn cron_patterns_are_checked() {
    for pattern in
        ["* * * * *", "*/15 8-17 * * MON-FRI", "0 0 1,15 * *", "0 0 L * *", "30 4 * * 1#2", "0 0 0 1 1 *", "@hourly"]
    {
        playbook(&format!("schedule: '{pattern}'"));
    }
    for pattern in ["", "* * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "often", "* * * * * * * *", "*/0 * * * *"] {
        check(&format!("schedule: '{pattern}'"), &["bad_cron 9:11 /schedule"], "minute, hour");
    }
}

#[test]
fn inputs_are_rendered_over_the_workload() {
    let playbook = playbook(
        "schedule: {cron: '@daily', input: {where: '{{ workload.region }}', due: '{{ schedule.time }}', by: '{{ schedule.name }}'}}\n",
    );
    let schedule = &playbook.schedules()[0];
    let input = playbook.schedule_input(schedule, "2026-01-01T00:00:00Z").unwrap();
    assert_eq!(*input, json!({"where": "eu", "due": "2026-01-01T00:00:00Z", "by": "default"}));
}

#[test]
fn a_schedule_without_input_gives_none() {
    let playbook = playbook("schedule: '@daily'");
    assert_eq!(*playbook.schedule_input(&playbook.schedules()[0], "t").unwrap(), json!({}));
}

#[test]
fn an_input_that_is_no_map_is_an_error() {
    let scheduled = playbook("schedule: {cron: '@daily', input: '{{ workload.region }}'}");
    let error = scheduled.schedule_input(&scheduled.schedules()[0], "t").unwrap_err();
    assert_eq!(error.code, "input_not_a_map");
    let error = playbook("webhook: a").webhook_input(json!({"body": [1]})).unwrap_err();
    assert_eq!(error.code, "input_not_a_map");
}

#[test]
fn webhooks_are_read_and_map_requests() {
    assert!(playbook("").webhook().is_none());
    for (rest, name, secret) in [
        ("webhook: orders", "orders", None),
        ("webhook: {path: shop/orders}", "shop/orders", None),
        ("webhook: {name: orders, secret: hook_key}", "orders", Some("hook_key")),
    ] {
        let playbook = playbook(rest);
        let webhook = playbook.webhook().unwrap();
        assert_eq!((webhook.name.as_str(), webhook.secret.as_deref()), (name, secret), "{rest}");
    }
    let request = json!({"body": {"id": 7}, "headers": {"x-kind": "new"}, "query": {"v": "1"}, "method": "POST"});
    for (input, expect) in [
        ("", json!({"id": 7})),
        (
            ", input: {order: '{{ body.id }}', kind: \"{{ headers['x-kind'] }}\", v: '{{ query.v }}'}",
            json!({"order": 7, "kind": "new", "v": "1"}),
        ),
        (", input: '{{ body }}'", json!({"id": 7})),
        (", input: {at: '{{ workload.region }}'}", json!({"at": "eu"})),
    ] {
        let playbook = playbook(&format!("webhook: {{name: orders{input}}}"));
        assert_eq!(*playbook.webhook_input(request.clone()).unwrap(), expect, "{input}");
    }
    assert_eq!(*playbook("webhook: a").webhook_input(json!({"body": Value::Null})).unwrap(), json!({}));
    let error = playbook("webhook: {name: a, input: {x: '{{ body.nope }}'}}").webhook_input(request).unwrap_err();
    assert!(error.message.contains("`webhook` of playbook `tests/t`"), "{error}");
    assert!(error.message.contains("`body.nope` is not defined"), "{error}");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    check("schedule: {timezone: UTC}", &["missing_field 9:11 /schedule"], "cron:");
    check(
        "schedule: {cron: x, timezone: 'my zone', overlap: maybe, catch_up: some, paused: 3, input: [a]}",
        &[
            "bad_cron 9:18 /schedule/cron",
            "bad_value 9:31 /schedule/timezone",
            "bad_value 9:51 /schedule/overlap",
            "bad_value 9:68 /schedule/catch_up",
            "wrong_type 9:82 /schedule/paused",
            "wrong_type 9:92 /schedule/input",
        ],
        "minute, hour",
    );
    check(
        "schedule: [{cron: '@daily'}, {cron: '@hourly', name: a b}]",
        &["missing_field 9:12 /schedule/0", "bad_name 9:54 /schedule/1/name"],
        "name: nightly",
    );
    check(
        "schedule: [{cron: '@daily', name: a}, {cron: '@hourly', name: a}]",
        &["duplicate_field 9:39 /schedule/1"],
        "name of its own",
    );
    check("schedule: [[1]]", &["wrong_type 9:12 /schedule/0"], "cron:");
    check("webhook: [a]", &["wrong_type 9:10 /webhook"], "name: orders");
    check("webhook: {secret: s}", &["missing_field 9:10 /webhook"], "name: orders");
    check("webhook: 'a b'", &["bad_name 9:10 /webhook"], "letters");
    check("webhook: {name: a, input: 5}", &["wrong_type 9:27 /webhook/input"], "key: value");
}
