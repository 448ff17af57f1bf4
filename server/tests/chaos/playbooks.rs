//! What is run while everything is struck, and what it comes to.

/// What is run; each takes `n` and says what it came to.
pub(super) const PLAYBOOKS: [&str; 9] = [
    r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: chain, path: chaos/chain}
workload: {n: 0}
workflow:
  - {step: start, next: a}
  - {step: a, type: noop, data: {n: "{{ workload.n }}"}, next: b}
  - step: b
    type: python
    data: {n: "{{ a.n }}"}
    code: |
      def main(n):
          return {"n": n + 1}
    next: c
  - {step: c, type: noop, data: {n: "{{ b.n }}"}, next: end}
  - {step: end, result: {n: "{{ c.n }}"}}
"#,
    r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: each, path: chaos/each}
workload: {n: 0}
workflow:
  - {step: start, next: each}
  - step: each
    type: iterator
    mode: async
    concurrency: 3
    collection: "{{ range(workload.n % 7 + 2) }}"
    element: i
    task: {type: noop, data: {v: "{{ i }}"}}
    next: end
  - {step: end, result: {n: "{{ each.data | map(attribute='v') | sum }}"}}
"#,
    r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: parent, path: chaos/parent}
workload: {n: 0}
workflow:
  - {step: start, next: child}
  - {step: child, type: playbook, path: chaos/chain, data: {n: "{{ workload.n }}"}, next: end}
  - {step: end, result: {n: "{{ child.n }}"}}
"#,
    r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: flaky, path: chaos/flaky}
workload: {n: 0, folder: ""}
workflow:
  - {step: start, next: try}
  - step: try
    type: python
    retry: {max_attempts: 3, initial_delay: 0.05, jitter: false}
    data: {n: "{{ workload.n }}", marker: "{{ workload.folder }}/{{ execution_id }}"}
    code: |
      import os
      def main(n, marker):
          if not os.path.exists(marker):
              open(marker, "w").close()
              raise RuntimeError("the first time it fails")
          return {"n": n}
    next: end
  - {step: end, result: {n: "{{ try.n }}"}}
"#,
    r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: asking, path: chaos/asking}
workload: {n: 0}
workflow:
  - {step: start, next: ask}
  - step: ask
    type: approval
    message: "Go on with {{ workload.n }}?"
    form: [{name: more, type: integer}]
    next: {step: add, when: ask.approved}
  - {step: add, type: noop, data: {n: "{{ workload.n + ask.more }}"}, next: end}
  - {step: end, result: {n: "{{ add.n }}"}}
"#,
    r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: failing, path: chaos/failing}
workflow:
  - step: start
    type: python
    code: |
      def main():
          raise RuntimeError("it always fails")
"#,
    r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: mended, path: chaos/mended}
workload: {n: 0}
workflow:
  - {step: start, next: child}
  - step: child
    type: playbook
    path: chaos/failing
    next:
      - {step: mend, on: failed, data: {n: "{{ workload.n }}", why: "{{ error.code }}"}}
  - {step: mend, type: noop, next: end}
  - {step: end, result: {n: "{{ mend.n if mend.why == 'child_failed' else 'broken' }}"}}
"#,
    r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: waiting, path: chaos/waiting}
workflow:
  - {step: start, type: wait, signal: never}
"#,
    r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: endless, path: chaos/endless}
workflow:
  - {step: start, type: playbook, path: chaos/waiting}
"#,
];
pub(super) const PATHS: [&str; 7] =
    ["chaos/chain", "chaos/each", "chaos/parent", "chaos/flaky", "chaos/asking", "chaos/mended", ENDLESS];
/// Ends when somebody cancels it, and its child with it.
pub(super) const ENDLESS: &str = "chaos/endless";
/// What the person adds.
pub(super) const MORE: u64 = 1_000;

/// What an execution comes to, in peace.
pub(super) fn foretold(path: &str, n: u64) -> u64 {
    match path {
        "chaos/chain" | "chaos/parent" => n + 1,
        "chaos/each" => (0..n % 7 + 2).sum(),
        "chaos/flaky" | "chaos/mended" => n,
        _ => n + MORE,
    }
}
