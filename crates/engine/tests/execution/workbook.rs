//! Workbook entries and what they assert.

use crate::scenario::{Run, workflow};
use serde_json::json;

const ENTRY: &str = "
workbook:
  - name: flag
    type: python
    timeout_s: 9
    data: {limit: 25, unit: C}
    assert: {expects: [temperature_c], returns: [is_hot]}
    code: |
      def main(temperature_c): return {'is_hot': temperature_c > 25}
";

fn started(step: &str) -> Run {
    let mut run = Run::of(&workflow(&format!(
        "\n  - {{step: start, next: check}}\n  - {{step: check, type: workbook, name: flag{step}}}\n{ENTRY}"
    )));
    run.start(json!(null));
    run
}

#[test]
fn the_entrys_fields_are_the_config_and_the_steps_data_the_input() {
    let run = started(", data: {temperature_c: 30, unit: F}");
    let task = run.task("check");
    assert_eq!(task.protocol, "python");
    assert_eq!(task.timeout_ms, 9000);
    assert_eq!(*task.input, json!({"temperature_c": 30, "unit": "F", "limit": 25}));
    assert_eq!(task.config.as_object().unwrap().keys().collect::<Vec<_>>(), ["code"]);
}

#[test]
fn the_step_may_set_its_own_time_limit() {
    assert_eq!(started(", timeout_s: 2, with: {temperature_c: 1}").task("check").timeout_ms, 2000);
}

#[test]
fn a_missing_input_fails_the_step() {
    let run = started("");
    assert_eq!(run.lines(), ["execution_start", "step_started(check)", "step_failed(check)", "execution_complete"]);
    assert_eq!(run.error().code, "assert_expects");
    assert!(run.error().message.contains("`temperature_c`"), "{}", run.error().message);
}

#[test]
fn a_missing_result_fails_the_step() {
    for (result, is_fine) in [
        (json!({"is_hot": true}), true),
        (json!({"is_hot": null}), true),
        (json!({"status": "ok", "data": {"is_hot": true}}), true),
        (json!({"hot": true}), false),
        (json!(null), false),
        (json!([]), false),
    ] {
        let mut run = started(", data: {temperature_c: 30}");
        run.complete("check", result.clone());
        assert_eq!(run.execution.error().is_none(), is_fine, "{result}");
        if !is_fine {
            assert_eq!(run.error().code, "assert_returns");
            assert_eq!(run.lines()[3..], ["action_completed(check)", "step_failed(check)", "execution_complete"]);
        }
    }
}
