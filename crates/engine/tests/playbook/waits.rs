//! What is wrong with `wait` and `approval` steps.

use crate::{HEAD, errors, short, warnings};

/// The problems of one step, which begins on line 7.
fn check(step: &str, problems: &[&str], hint: &str) {
    let source = format!("{HEAD}workflow:\n  - {{step: start, {step}}}\n");
    let found = errors(&source);
    assert_eq!(found.iter().map(short).collect::<Vec<_>>(), problems, "{step}");
    let hints: Vec<&str> = found.iter().filter_map(|problem| problem.hint.as_deref()).collect();
    assert!(problems.is_empty() || hints.iter().any(|text| text.contains(hint)), "{step}: {hints:?}");
}

#[test]
fn waits() {
    for fine in [
        "seconds: 0",
        "seconds: 1.5",
        "seconds: '{{ 1 }}'",
        "until: 2026-01-31T08:00:00Z",
        "signal: go",
        "signal: 7, timeout_s: 100000000",
    ] {
        check(&format!("type: wait, {fine}"), &[], "");
    }
    check("type: wait", &["missing_field 7:5 /workflow/0"], "signal: payment_received");
    check("type: wait, seconds: soon", &["bad_value 7:40 /workflow/0/seconds"], "from 0 to");
    check("type: wait, seconds: -1", &["bad_value 7:40 /workflow/0/seconds"], "from 0 to");
    check("type: wait, until: tomorrow", &["bad_value 7:38 /workflow/0/until"], "with its zone");
    check("type: wait, until: 2026-02-30T08:00:00Z", &["bad_value 7:38 /workflow/0/until"], "with its zone");
    check("type: wait, signal: [a]", &["bad_value 7:39 /workflow/0/signal"], "characters");
    check("type: wait, seconds: 1, signal: a", &["conflicting_fields 7:43 /workflow/0/signal"], "keep one");
    check("type: wait, seconds: 1, timeout_s: 5", &["conflicting_fields 7:54 /workflow/0/timeout_s"], "leave it out");
    check("type: wait, signal: a, timeout_s: 0", &["bad_value 7:53 /workflow/0/timeout_s"], "above 0");
    let ignored = format!("{HEAD}workflow:\n  - {{step: start, type: wait, seconds: 1, retry: 3, secnds: 1}}\n");
    let found = warnings(&ignored);
    assert_eq!(
        found.iter().map(short).collect::<Vec<_>>(),
        ["unknown_field 7:43 /workflow/0/retry", "unknown_field 7:53 /workflow/0/secnds"]
    );
    assert!(found[1].hint.as_deref().is_some_and(|hint| hint.contains("`seconds`")), "{found:?}");
}

#[test]
fn approvals() {
    for fine in [
        "message: ok?",
        "form: [{name: a}]",
        "form: [{name: a, type: choice, options: '{{ [1] }}', default: 1}], timeout_s: 5, default: {a: 1}",
        "timeout_s: 5, default: true",
        "form: [{name: n, type: integer}], timeout_s: 5, default: {n: 1}",
        "form: [{name: n, type: integer}], timeout_s: 5, default: false",
    ] {
        check(&format!("type: approval, {fine}"), &[], "");
    }
    let at = "/workflow/0";
    for (fields, problem, hint) in [
        ("message: [a]", format!("wrong_type 7:44 {at}/message"), "asked"),
        ("form: a", format!("wrong_type 7:41 {at}/form"), "write a list"),
        ("form: [a]", format!("wrong_type 7:42 {at}/form/0"), "write a list"),
        ("form: [{type: number}]", format!("missing_field 7:42 {at}/form/0"), "write a list"),
        ("form: [{name: by}]", format!("bad_name 7:49 {at}/form/0/name"), "another name"),
        ("form: [{name: ''}]", format!("bad_name 7:49 {at}/form/0/name"), "characters"),
        ("form: [{name: a}, {name: a}]", format!("bad_value 7:53 {at}/form/1"), "of its own"),
        ("form: [{name: a, type: nmber}]", format!("bad_value 7:58 {at}/form/0/type"), "did you mean `number`?"),
        ("form: [{name: a, required: maybe}]", format!("wrong_type 7:62 {at}/form/0/required"), "required unless"),
        ("form: [{name: a, type: choice}]", format!("missing_field 7:42 {at}/form/0"), "options: [small"),
        (
            "form: [{name: a, type: choice, options: []}]",
            format!("bad_value 7:75 {at}/form/0/options"),
            "options: [small",
        ),
        ("form: [{name: a, options: [b]}]", format!("conflicting_fields 7:61 {at}/form/0/options"), "type: choice"),
        ("form: [{name: a, type: number, default: b}]", format!("bad_value 7:75 {at}/form/0/default"), "leave it out"),
        ("default: true", format!("missing_field 7:35 {at}/default"), "timeout_s"),
        ("timeout_s: 5, default: 7", format!("bad_value 7:58 {at}/default"), "default: false"),
        (
            "form: [{name: n, type: integer}], timeout_s: 5, default: {n: a}",
            format!("bad_value 7:92 {at}/default"),
            "default: false",
        ),
    ] {
        check(&format!("type: approval, {fields}"), &[&problem], hint);
    }
}
