use crate::{errors, short};

#[test]
fn one_reading_tells_all() {
    let source = r#"apiVersion: noetl.io/v3
kind: Recipe
metadata:
  path: /bad path/
workload: [1]
workbook:
  - name: a
    type: pyton
    code: x
  - type: python
    code: x
workflow:
  - step: begin
    type: python
    next: [nowhere]
  - step: begin
  - name: fetch
    type: http
    retry: often
    timeout_s: -1
    next:
      - step: fetsh
        when: "{{ result. }}"
      - when: "true"
      - step: fetch
        on: sometimes
      - 5
  - step: store
    type: postgres
    save: {storage: duckdb}
  - step: both
    type: python
    code: a
    code_b64: b
  - step: wb
    type: workbook
    name: missing
  - step: a/b
  - plain
"#;
    let got: Vec<String> = errors(source).iter().map(short).collect();
    assert_eq!(
        got,
        [
            "unsupported_api_version 1:13 /apiVersion",
            "wrong_kind 2:7 /kind",
            "missing_field 4:3 /metadata",
            "bad_path 4:9 /metadata/path",
            "wrong_type 5:11 /workload",
            "unknown_type 8:11 /workbook/0/type",
            "missing_field 10:5 /workbook/1",
            "missing_start 13:3 /workflow",
            "missing_field 13:5 /workflow/0",
            "unknown_step 15:12 /workflow/0/next/0",
            "duplicate_step 16:11 /workflow/1/step",
            "missing_field 17:5 /workflow/2",
            "wrong_type 19:12 /workflow/2/retry",
            "bad_value 20:16 /workflow/2/timeout_s",
            "unknown_step 22:15 /workflow/2/next/0/step",
            "bad_expression 23:27 /workflow/2/next/0/when",
            "missing_field 24:9 /workflow/2/next/1",
            "bad_value 26:13 /workflow/2/next/2/on",
            "unknown_step 27:9 /workflow/2/next/3",
            "missing_field 28:5 /workflow/3",
            "missing_field 30:11 /workflow/3/save",
            "conflicting_fields 34:5 /workflow/4/code_b64",
            "unknown_workbook_entry 37:11 /workflow/5/name",
            "bad_name 38:11 /workflow/6/step",
            "wrong_type 39:5 /workflow/7",
        ]
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>()
    );
}

#[test]
fn every_problem_has_a_hint() {
    let source = include_str!("every_problem_at_once.rs").split("r#\"").nth(1).unwrap().split("\"#").next().unwrap();
    for diagnostic in errors(source) {
        assert!(diagnostic.hint.as_ref().is_some_and(|hint| !hint.is_empty()), "{diagnostic}");
        assert!(!diagnostic.message.is_empty());
    }
}

#[test]
fn many_problems_are_cut_and_counted() {
    let steps: String = (0..1000).map(|n| format!("  - step: s{n}\n    type: pyton\n")).collect();
    let got = errors(&format!("{}workflow:\n  - step: start\n{steps}", crate::HEAD));
    assert!(got.len() <= 201, "{}", got.len());
    let last = got.last().unwrap();
    assert_eq!(last.code, "too_many_problems");
}
