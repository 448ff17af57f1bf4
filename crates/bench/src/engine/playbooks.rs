//! The playbooks that are run.

use std::fmt::Write;

/// Steps of a chain.
pub(crate) const CHAIN_STEPS: u64 = 10;
pub(crate) const CHAIN: &str = "bench/chain";
pub(crate) const FAN: &str = "bench/fan";
pub(crate) const EACH: &str = "bench/each";

/// start → s1 → … → s10 → end.
pub(crate) fn chain() -> String {
    let mut yaml = head(CHAIN);
    yaml.push_str("  - step: start\n    next: s1\n");
    for step in 1..=CHAIN_STEPS {
        let next = if step == CHAIN_STEPS { "end".to_owned() } else { format!("s{}", step + 1) };
        write!(
            yaml,
            "  - step: s{step}\n    type: noop\n    data: {{ n: \"{{{{ workload.n }}}}\" }}\n    next: {next}\n"
        )
        .expect("writing to a string cannot fail");
    }
    yaml.push_str("  - step: end\n");
    yaml
}

/// start → b1 … bN, all at once → end.
pub(crate) fn fan(branches: u64) -> String {
    let mut yaml = head(FAN);
    yaml.push_str("  - step: start\n    next:\n");
    for branch in 1..=branches {
        writeln!(yaml, "      - step: b{branch}").expect("writing to a string cannot fail");
    }
    for branch in 1..=branches {
        write!(
            yaml,
            "  - step: b{branch}\n    type: noop\n    data: {{ n: \"{{{{ workload.n }}}}\" }}\n    next: end\n"
        )
        .expect("writing to a string cannot fail");
    }
    yaml.push_str("  - step: end\n");
    yaml
}

/// start → an iterator over 0 … items-1, a durable task each → end.
pub(crate) fn each(items: u64) -> String {
    let mut yaml = head(EACH);
    write!(
        yaml,
        "  - step: start\n    next: each\n  - step: each\n    type: iterator\n    mode: async\n    concurrency: 1000\n    \
         collection: \"{{{{ range({items}) }}}}\"\n    element: i\n    task:\n      type: noop\n      \
         data: {{ n: \"{{{{ i }}}}\" }}\n    next: end\n  - step: end\n    result: \"{{{{ each.data | length }}}}\"\n"
    )
    .expect("writing to a string cannot fail");
    yaml
}

fn head(path: &str) -> String {
    let name = path.replace('/', "_");
    format!(
        "apiVersion: signalbox/v1\nkind: Playbook\nmetadata:\n  name: {name}\n  path: {path}\nworkload:\n  n: 1\nworkflow:\n"
    )
}
