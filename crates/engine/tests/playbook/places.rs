use crate::{HEAD, errors, parse, short};

/// The first error of a workflow (its text begins on line 6): `code line:column pointer`, and a part of its hint.
fn check(workflow: &str, expect: &str, hint: &str) {
    let errors = errors(&format!("{HEAD}{workflow}"));
    let first = errors.first().unwrap_or_else(|| panic!("no error in {workflow}"));
    assert_eq!(short(first), expect, "{workflow}\n{first}");
    assert!(first.hint.as_deref().unwrap_or_default().contains(hint), "{:?} has no {hint:?}", first.hint);
    assert_eq!(errors.len(), 1, "one cause, one problem: {errors:?}");
}

#[test]
fn the_head() {
    for (source, expect, hint) in [
        ("", "empty_document 1:1 ", "apiVersion"),
        ("# only a comment\n", "empty_document 1:1 ", "apiVersion"),
        ("just text", "wrong_type 1:1 ", "apiVersion"),
        ("[a, b]", "wrong_type 1:1 ", "apiVersion"),
    ] {
        let got = errors(source);
        assert_eq!(short(&got[0]), expect);
        assert!(got[0].hint.as_deref().unwrap().contains(hint));
    }
}

#[test]
fn steps_and_their_names() {
    check("workflow:\n  - step: Start\n", "missing_start 7:3 /workflow", "rename step `Start` to `start`");
    check("workflow: []\n", "missing_start 6:11 /workflow", "add `- step: start`");
    check("steps:\n  - step: start\nworkflow:\n  - step: start\n", "duplicate_field 7:3 /steps", "keep `workflow`");
    check("x: 1\n", "missing_field 1:1 ", "workflow");
    check(
        "workflow:\n  - step: start\n    next: ednd\n  - step: end\n",
        "unknown_step 8:11 /workflow/0/next",
        "did you mean `end`?",
    );
    check("workflow:\n  - step: start\n  - step: start\n", "duplicate_step 8:11 /workflow/1/step", "name of its own");
    check("workflow:\n  - step: start\n  - desc: x\n", "missing_field 8:5 /workflow/1", "name it");
    check(
        "workflow:\n  - step: start\n    next: {step: a, else: maybe}\n  - step: a\n",
        "wrong_type 8:27 /workflow/0/next/else",
        "else: true",
    );
    check("workflow:\n  - step: start\n    join: some\n", "bad_value 8:11 /workflow/0/join", "any");
    check("workflow:\n  - step: start\n    mode: one\n", "bad_value 8:11 /workflow/0/mode", "exclusive");
    check(
        "workflow:\n  - step: start\n    next: [{step: start, when: 'true', else: true}]\n",
        "conflicting_fields 8:32 /workflow/0/next/0/when",
        "remove one",
    );
}

#[test]
fn types_and_their_fields() {
    check(
        "workflow:\n  - step: start\n    type: Pyhton\n    code: x\n",
        "unknown_type 8:11 /workflow/0/type",
        "did you mean `python`?",
    );
    check("workflow:\n  - step: start\n    type: playbook\n", "missing_field 7:5 /workflow/0", "path: folder/name");
    check("workflow:\n  - step: start\n    type: python\n", "missing_field 7:5 /workflow/0", "def main");
    check("workflow:\n  - step: start\n    type: http\n", "missing_field 7:5 /workflow/0", "endpoint");
    for sql in ["sqlite", "postgres", "duckdb", "snowflake"] {
        let workflow = format!("workflow:\n  - step: start\n    type: {sql}\n");
        check(&workflow, "missing_field 7:5 /workflow/0", "command");
    }
    check("workflow:\n  - step: start\n    type: secrets\n", "missing_field 7:5 /workflow/0", "provider: env");
    check(
        "workflow:\n  - step: start\n    type: postgres\n    command: x\n    command_b64: eA==\n",
        "conflicting_fields 10:5 /workflow/0/command_b64",
        "keep one",
    );
    for text in ["'?'", "/w=="] {
        let workflow = format!("workflow:\n  - step: start\n    type: postgres\n    command_b64: {text}\n");
        check(&workflow, "bad_value 9:18 /workflow/0/command_b64", "base64");
    }
    // `{{ a b }}`, encoded.
    check(
        "workflow:\n  - step: start\n    type: postgres\n    command_b64: e3sgYSBiIH19\n",
        "bad_expression 9:18 /workflow/0/command_b64",
        "Jinja",
    );
    check("workflow:\n  - step: start\n    type: a b\n", "unknown_type 8:11 /workflow/0/type", "letters");
    check("workflow:\n  - step: start\n    type: ''\n", "unknown_type 8:11 /workflow/0/type", "letters");
    check(
        "workflow:\n  - step: start\n    type: http\n    url: x\n    method: FETCH\n",
        "bad_value 10:13 /workflow/0/method",
        "GET",
    );
    check(
        "workflow:\n  - step: start\n    type: python\n    code: [x]\n",
        "wrong_type 9:11 /workflow/0/code",
        "code: |",
    );
    check(
        "workflow:\n  - step: start\n    type: noop\n    data: 5\n",
        "wrong_type 9:11 /workflow/0/data",
        "key: value",
    );
    check(
        "workflow:\n  - step: start\n    type: noop\n    data: 'n={{ 1 }}'\n",
        "wrong_type 9:11 /workflow/0/data",
        "key: value",
    );
    check(
        "workflow:\n  - step: start\n    type: noop\n    assert: [a]\n",
        "wrong_type 9:13 /workflow/0/assert",
        "expects",
    );
    check(
        "workflow:\n  - step: start\n    type: noop\n    timeout_s: soon\n",
        "bad_value 9:16 /workflow/0/timeout_s",
        "number",
    );
    check("workflow:\n  - step: start\n    type: workbook\n", "missing_field 7:5 /workflow/0", "name: compute_flag");
    check(
        "workflow:\n  - step: start\n    save: {storage: evnt_log}\n",
        "unknown_storage 8:21 /workflow/0/save/storage",
        "event_log",
    );
    check(
        "workflow:\n  - step: start\n    save: {storage: postgres}\n",
        "missing_field 8:11 /workflow/0/save",
        "table: NAME",
    );
    for (save, expect, hint) in [
        ("postgres", "missing_field 8:11 /workflow/0/save", "table: NAME"),
        ("{storage: http}", "missing_field 8:11 /workflow/0/save", "endpoint"),
        ("{storage: python}", "missing_field 8:11 /workflow/0/save", "def main"),
        ("{storage: {table: t}}", "missing_field 8:21 /workflow/0/save/storage", "storage: event_log"),
        ("{storage: sqlite, table: t, mode: replace}", "bad_value 8:45 /workflow/0/save/mode", "upsert"),
        ("{storage: sqlite, table: t, mode: upsert}", "missing_field 8:45 /workflow/0/save/mode", "key: id"),
        ("{storage: python, code: [x]}", "wrong_type 8:35 /workflow/0/save/code", "code: |"),
        ("[x]", "wrong_type 8:11 /workflow/0/save", "storage: event_log"),
    ] {
        check(&format!("workflow:\n  - step: start\n    save: {save}\n"), expect, hint);
    }
    check("workflow:\n  - step: start\n    type: save\n", "missing_field 7:5 /workflow/0", "storage: event_log");
    check(
        "workflow:\n  - step: start\n    save: {data: 1}\n",
        "missing_field 8:11 /workflow/0/save",
        "storage: event_log",
    );
    check(
        "workflow:\n  - {step: start, type: workbook, name: flags}\nworkbook:\n  - {name: flag, type: noop}\n",
        "unknown_workbook_entry 7:41 /workflow/0/name",
        "did you mean `flag`?",
    );
}

#[test]
fn credentials_are_named() {
    for (auth, expect, hint) in [
        ("[a]", "wrong_type 10:11 /workflow/0/auth", "write `auth: NAME`"),
        ("{}", "missing_field 10:11 /workflow/0/auth", "write `auth: NAME`"),
        ("{type: postgres}", "missing_field 10:11 /workflow/0/auth", "write `auth: NAME`"),
        ("{pg: {type: postgres}}", "missing_field 10:16 /workflow/0/auth/pg", "write `auth: NAME`"),
        ("{pg: [a]}", "wrong_type 10:16 /workflow/0/auth/pg", "write `auth: NAME`"),
        ("{credential: [a]}", "wrong_type 10:24 /workflow/0/auth/credential", "write `auth: NAME`"),
    ] {
        let workflow = format!("workflow:\n  - step: start\n    type: postgres\n    sql: x\n    auth: {auth}\n");
        check(&workflow, expect, hint);
    }
}

#[test]
fn expressions() {
    for (line, column) in [("when: \"{{ a == }}\"", 24), ("when: a ==", 17), ("when: a = 1", 17)] {
        let source = format!("{HEAD}workflow:\n  - step: start\n    next:\n      - step: start\n        {line}\n");
        let got = &errors(&source)[0];
        assert_eq!((got.code.as_str(), got.line, got.column), ("bad_expression", 10, column), "{line}: {got}");
    }
    // In a block, the line of the fault.
    let source =
        format!("{HEAD}workflow:\n  - step: start\n    type: http\n    url: |\n      one\n      {{{{ nope( }}}}\n");
    assert_eq!(short(&errors(&source)[0]), "bad_expression 11:16 /workflow/0/url");
    for text in [
        "{{ a",
        "{% if %}",
        "{{ a b }}",
        "{% for x %}{% endfor %}",
        "{{ 'a }}",
        "{{ a | nosuch_filter( }}",
        "{% include 'x' %}",
        "{% macro f() %}{% endmacro %}",
        "{% set x %}1{% endset %}",
    ] {
        let source = format!(
            "{HEAD}workflow:\n  - step: start\n    type: noop\n    data: {{v: {}}}\n",
            serde_json::to_string(text).unwrap()
        );
        let errors = errors(&source);
        assert_eq!(errors.len(), 1, "{text}: {errors:?}");
        assert_eq!(short(&errors[0]).split(' ').next(), Some("bad_expression"), "{text}");
        assert_eq!(errors[0].pointer, "/workflow/0/data/v");
    }
}

#[test]
fn yaml() {
    for (source, expect) in [
        ("a: b: c", "yaml_syntax 1:5 "),
        ("a: [1, 2", "yaml_syntax"),
        ("a: 'x", "yaml_syntax"),
        ("a: 1\na: 2\n", "duplicate_key 2:1 /a"),
        ("a:\n  b/c: 1\n  b/c: 2\n", "duplicate_key 3:3 /a/b~1c"),
        ("a: {x~y: 1, x~y: 2}", "duplicate_key 1:13 /a/x~0y"),
        ("a: *nothing", "yaml_alias 1:4 /a"),
        ("a: {{ x }}", "yaml_key"),
        ("a: !thing x", "yaml_tag 1:11 /a"),
        ("a: 1\n---\nb: 2\n", "yaml_documents"),
        ("a:\n\t- x", "yaml_syntax"),
        ("<<: 5\na: 1", "yaml_merge 1:5 "),
    ] {
        let got = parse(source).diagnostics;
        assert!(
            got.iter().any(|d| short(d).starts_with(expect)),
            "{source:?}: {:?}",
            got.iter().map(short).collect::<Vec<_>>()
        );
    }
}

#[test]
fn several_duplicate_keys_are_all_told() {
    let got = parse("a: 1\na: 2\nb: {c: 1, c: 2}\n").diagnostics;
    assert_eq!(
        got.iter().filter(|d| d.code == "duplicate_key").map(short).collect::<Vec<_>>(),
        ["duplicate_key 2:1 /a", "duplicate_key 3:11 /b/c"]
    );
}

#[test]
fn paths_and_names() {
    for (path, is_fine) in [
        ("a", true),
        ("a/b-c/d_e.f", true),
        ("/a", false),
        ("a/", false),
        ("a//b", false),
        ("a/../b", false),
        ("a b", false),
        ("ä", false),
        ("a:b", false),
    ] {
        let source = format!(
            "apiVersion: signalbox/v1\nkind: Playbook\nmetadata: {{name: t, path: '{path}'}}\nworkflow: [{{step: start}}]\n"
        );
        let got: Vec<String> = errors(&source).iter().map(|d| d.code.clone()).collect();
        assert_eq!(got.is_empty(), is_fine, "{path}: {got:?}");
    }
    for (name, is_fine) in
        [("ok", true), ("two words", true), ("schöne_grüße", true), (" x", false), ("a/b", false), ("\\n", false)]
    {
        let source = format!("{HEAD}workflow: [{{step: start}}, {{step: \"{name}\"}}]\n");
        assert_eq!(errors(&source).is_empty(), is_fine, "{name}");
    }
    let long = "x".repeat(129);
    assert_eq!(errors(&format!("{HEAD}workflow: [{{step: start}}, {{step: {long}}}]\n"))[0].code, "bad_name");
    assert_eq!(
        errors(&HEAD.replace("tests/t", &"x".repeat(256)).replace("kind", "workflow: [{step: start}]\nkind"))[0].code,
        "bad_path"
    );
}

#[test]
fn columns_count_characters() {
    let source = format!("{HEAD}workflow: [{{step: start, desc: 'äöü', type: pyton}}]\n");
    assert_eq!(short(&errors(&source)[0]), "unknown_type 6:45 /workflow/0/type");
}

#[test]
fn iterators_and_their_fields() {
    let fine = [("collection", "[1]"), ("element", "n"), ("task", "{type: noop}")];
    // Without one of the fields; with another value for one; with one more.
    let of = |name: &str, value: &str| {
        let mut fields: Vec<(&str, &str)> = fine.into_iter().filter(|(other, _)| *other != name).collect();
        if !value.is_empty() {
            fields.insert(0, (name, value));
        }
        let lines: String = fields.iter().map(|(name, value)| format!("    {name}: {value}\n")).collect();
        format!("workflow:\n  - step: start\n    type: iterator\n{lines}")
    };
    for (name, value, expect, hint) in [
        ("collection", "", "missing_field 7:5 /workflow/0", "workload.cities"),
        ("collection", "5", "wrong_type 9:17 /workflow/0/collection", "or a list"),
        ("element", "", "missing_field 7:5 /workflow/0", "element: city"),
        ("element", "a b", "bad_value 9:14 /workflow/0/element", "element: city"),
        ("element", "workload", "bad_value 9:14 /workflow/0/element", "no word of the language"),
        ("task", "", "missing_field 7:5 /workflow/0", "type: python"),
        ("task", "noop", "wrong_type 9:11 /workflow/0/task", "type: python"),
        ("task", "{data: {}}", "missing_field 9:11 /workflow/0/task", "type: python"),
        ("task", "{type: pyhton, code: x}", "unknown_type 9:18 /workflow/0/task/type", "did you mean `python`?"),
        ("task", "{type: iterator}", "unknown_type 9:18 /workflow/0/task/type", "playbook of its own"),
        ("task", "{type: python}", "missing_field 9:11 /workflow/0/task", "def main"),
        ("mode", "fast", "bad_value 9:11 /workflow/0/mode", "async"),
        ("concurrency", "0", "bad_value 9:18 /workflow/0/concurrency", "from 1"),
        ("limit", "-1", "bad_value 9:12 /workflow/0/limit", "from 0"),
        ("chunk", "many", "bad_value 9:12 /workflow/0/chunk", "from 1"),
        ("enumerate", "maybe", "wrong_type 9:16 /workflow/0/enumerate", "index"),
        ("where", "[x]", "wrong_type 9:12 /workflow/0/where", "write `where"),
        ("order_by", "'{{ n. }}'", "bad_expression 9:22 /workflow/0/order_by", "Jinja"),
        ("on_item_error", "skip", "bad_value 9:20 /workflow/0/on_item_error", "continue"),
        ("iterator", "[x]", "wrong_type 9:15 /workflow/0/iterator", "below it"),
    ] {
        check(&of(name, value), expect, hint);
    }
    check("workflow:\n  - {step: start, type: noop, loop: [x]}\n", "wrong_type 7:37 /workflow/0/loop", "collection");
}
