use crate::{HEAD, errors, short, warnings};

fn check(rest: &str, expect: &[&str], hint: &str) {
    let source = format!("{HEAD}{rest}");
    assert!(errors(&source).is_empty(), "{:?}", errors(&source));
    let got = warnings(&source);
    assert_eq!(got.iter().map(short).collect::<Vec<_>>(), expect, "{rest}");
    if let Some(first) = got.first() {
        assert!(first.hint.as_deref().unwrap_or_default().contains(hint), "{first}");
    }
}

#[test]
fn doubtful_things_are_told_and_do_not_refuse() {
    check("workflow:\n  - step: start\n", &[], "");
    check("workflow:\n  - step: start\n  - step: lost\n", &["unreachable_step 8:11 /workflow/1"], "next");
    check(
        "workflow:\n  - step: start\n    nexxt: end\n",
        &["unknown_field 8:5 /workflow/0/nexxt"],
        "did you mean `next`?",
    );
    check("workflow:\n  - step: start\n    code: x\n", &["unknown_field 8:5 /workflow/0/code"], "add `type: python`");
    check(
        "workflow:\n  - step: start\n    type: http\n    url: x\n    heders: {}\n",
        &["unknown_field 10:5 /workflow/0/heders"],
        "did you mean `headers`?",
    );
    check(
        "workflow:\n  - step: start\n    next: [{step: start, whn: 'true'}]\n",
        &["unknown_field 8:26 /workflow/0/next/0/whn"],
        "did you mean `when`?",
    );
    check("workflow:\n  - step: start\n    result: 1\n", &["result_ignored 8:13 /workflow/0/result"], "end");
    check(
        "workflow:\n  - step: start\n    next: result\n  - step: result\n",
        &["reserved_name 9:11 /workflow/1/step"],
        "result_step",
    );
    check(
        "workflow:\n  - step: start\n    next: [{step: start, when: '{{ 1 }} == 1'}]\n",
        &["condition_is_text 8:32 /workflow/0/next/0/when"],
        "inside one",
    );
    check(
        "workflow:\n  - step: start\nworkbook:\n  - {name: a, type: noop}\n",
        &["unused_workbook_entry 9:12 /workbook/0/name"],
        "type: workbook",
    );
    check("workflow:\n  - step: start\nworklod: {}\n", &["unknown_field 8:1 /worklod"], "did you mean `workload`?");
    check(
        "workflow:\n  - {step: start, type: sqlite, command: x, auth: pg}\n",
        &["unknown_field 7:45 /workflow/0/auth"],
        "leave it out",
    );
    for word in ["duckdb", "snowflake"] {
        check(
            &format!("workflow:\n  - {{step: start, type: {word}, command: x}}\n"),
            &["no_provider 7:25 /workflow/0/type"],
            "`postgres`",
        );
    }
    for word in ["ftp", "llm", "market_feed@2", "remember"] {
        check(
            &format!("workflow:\n  - {{step: start, type: {word}, whatever: x, mode: fast}}\n"),
            &["no_provider 7:25 /workflow/0/type"],
            "`python`",
        );
    }
    check(
        "workflow:\n  - {step: start, type: http, url: x, auth: {type: basic, inline: {username: a}}}\n",
        &["auth_inline 7:67 /workflow/0/auth/inline"],
        "credentials set",
    );
    check(
        "workflow:\n  - {step: start, type: postgres, sql: x, auth: {credential: a, credental: b}}\n",
        &["unknown_field 7:65 /workflow/0/auth/credental"],
        "`credential`",
    );
}
