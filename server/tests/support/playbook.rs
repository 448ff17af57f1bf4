//! Small playbooks.

/// One `noop` step whose data is the execution's result.
pub const ECHO: &str = r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: echo, path: tests/echo, description: Says what it hears}
workload: {word: hello, nested: {a: 1, b: 2}}
workflow:
  - {step: start, next: say}
  - {step: say, type: noop, data: {word: "{{ workload.word }}"}, next: end}
  - {step: end, result: {word: "{{ say.word }}", nested: "{{ workload.nested }}"}}
"#;

/// A step that does not end by itself within any test.
pub const BLOCKING: &str = r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: blocking, path: tests/blocking}
workflow:
  - {step: start, next: block}
  - step: block
    type: python
    code: |
      import time
      def main():
          time.sleep(600)
    next: end
  - {step: end}
"#;

/// A step that fails.
pub const FAILING: &str = r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: failing, path: tests/failing}
workflow:
  - {step: start, next: break}
  - step: break
    type: python
    code: |
      def main():
          raise ValueError("out of luck")
    next: end
  - {step: end}
"#;

/// `ECHO` under another path, with a comment that makes its content another.
pub fn echo_at(path: &str, comment: &str) -> String {
    format!("# {comment}\n{}", ECHO.replace("tests/echo", path))
}

/// Waits for a signal, then for a person.
pub const WAITING: &str = r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: waiting, path: tests/waiting}
workflow:
  - {step: start, type: wait, signal: paid, next: ask}
  - step: ask
    type: approval
    message: "Refund {{ start.amount }}?"
    form:
      - {name: amount, type: number}
      - {name: note, required: false}
    next: {step: end}
  - {step: end, result: {approved: "{{ ask.approved }}", amount: "{{ ask.amount }}", by: "{{ ask.by }}"}}
"#;
