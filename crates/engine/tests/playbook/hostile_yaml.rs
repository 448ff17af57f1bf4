use crate::{HEAD, parse};
use std::time::{Duration, Instant};

#[test]
fn hostile_sources_are_refused_quickly_and_without_harm() {
    let bomb: String = std::iter::once("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned())
        .chain((1..30).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", "))))
        .collect();
    let text =
        format!("a: &a {}\n{}", "x".repeat(100_000), (0..500).map(|n| format!("b{n}: *a\n")).collect::<String>());
    for (name, source, code) in [
        ("alias bomb", bomb, "yaml_size"),
        ("aliases of large text", text, "yaml_size"),
        ("deep flow lists", "[".repeat(100_000), "yaml_"),
        ("deep flow maps", "{a: ".repeat(100_000), "yaml_"),
        ("deep block lists", "- ".repeat(100_000), "yaml_"),
        ("deep block maps", (0..2000).map(|n| format!("{}a:\n", " ".repeat(n))).collect(), "source_too_large"),
        ("deeper block maps", (0..1000).map(|n| format!("{}a:\n", " ".repeat(n))).collect(), "yaml_"),
        ("an alias within its anchor", "a: &a [*a]\n".to_owned(), "yaml_alias"),
        ("too large", "#".repeat((1 << 20) + 1), "source_too_large"),
        ("nul", "a: \0\n".to_owned(), "yaml_"),
        ("many keys", (0..60_000).map(|n| format!("k{n}: 1\n")).collect(), "unknown_field"),
        ("one long line", format!("a: {}", "x".repeat(1 << 19)), "missing_field"),
        ("one long key", format!("{}: 1", "x".repeat(1 << 19)), "yaml_syntax"),
        ("many anchors", (0..50_000).map(|n| format!("- &a{n} x\n")).collect(), "wrong_type"),
        (
            "many merges",
            format!(
                "a: &a {{{}}}\nb: {{<<: [{}]}}",
                (0..500).map(|n| format!("k{n}: 1")).collect::<Vec<_>>().join(", "),
                vec!["*a"; 300].join(", ")
            ),
            "yaml_size",
        ),
        (
            "deep expression",
            format!(
                "{HEAD}workflow: [{{step: start, type: noop, data: {{v: '{{{{ {}1{} }}}}'}}}}]",
                "(".repeat(20_000),
                ")".repeat(20_000)
            ),
            "bad_expression",
        ),
        (
            "deep list expression",
            format!(
                "{HEAD}workflow: [{{step: start, type: noop, data: {{v: '{{{{ {}1{} }}}}'}}}}]",
                "[".repeat(20_000),
                "]".repeat(20_000)
            ),
            "bad_expression",
        ),
        (
            "deep template",
            format!("{HEAD}workflow: [{{step: start, type: noop, data: {{v: '{}'}}}}]", "{% if 1 %}".repeat(20_000)),
            "bad_expression",
        ),
        (
            "many operators",
            format!(
                "{HEAD}workflow: [{{step: start, type: noop, data: {{v: '{{{{ {} }}}}'}}}}]",
                vec!["1"; 100_000].join("+")
            ),
            "bad_expression",
        ),
        (
            "many nots",
            format!(
                "{HEAD}workflow: [{{step: start, type: noop, data: {{v: '{{{{ {} 1 }}}}'}}}}]",
                "not ".repeat(100_000)
            ),
            "bad_expression",
        ),
        (
            "many minuses",
            format!(
                "{HEAD}workflow: [{{step: start, type: noop, data: {{v: '{{{{ {} 1 }}}}'}}}}]",
                "-".repeat(100_000)
            ),
            "bad_expression",
        ),
        (
            "many attributes",
            format!(
                "{HEAD}workflow: [{{step: start, type: noop, data: {{v: '{{{{ a{} }}}}'}}}}]",
                ".a".repeat(100_000)
            ),
            "",
        ),
        (
            "many filters",
            format!(
                "{HEAD}workflow: [{{step: start, type: noop, data: {{v: '{{{{ a{} }}}}'}}}}]",
                "|d".repeat(100_000)
            ),
            "",
        ),
        (
            "many comparisons",
            format!(
                "{HEAD}workflow: [{{step: start, type: noop, data: {{v: '{{{{ {} }}}}'}}}}]",
                vec!["a"; 50_000].join("<")
            ),
            "",
        ),
        (
            "many products",
            format!(
                "{HEAD}workflow: [{{step: start, type: noop, data: {{v: '{{{{ {} }}}}'}}}}]",
                vec!["a"; 50_000].join("*")
            ),
            "",
        ),
        (
            "many powers",
            format!(
                "{HEAD}workflow: [{{step: start, type: noop, data: {{v: '{{{{ {} }}}}'}}}}]",
                vec!["a"; 50_000].join("**")
            ),
            "",
        ),
        (
            "many ifs",
            format!(
                "{HEAD}workflow: [{{step: start, type: noop, data: {{v: '{{{{ {} 1 }}}}'}}}}]",
                "1 if 1 else ".repeat(20_000)
            ),
            "",
        ),
        (
            "many elifs",
            format!(
                "{HEAD}workflow: [{{step: start, type: noop, data: {{v: '{{% if a %}}{}{{% endif %}}'}}}}]",
                "{% elif a %}".repeat(20_000)
            ),
            "bad_expression",
        ),
        (
            "many subscripts",
            format!(
                "{HEAD}workflow: [{{step: start, type: noop, data: {{v: '{{{{ a{} }}}}'}}}}]",
                "[0]".repeat(100_000)
            ),
            "",
        ),
        (
            "many calls",
            format!(
                "{HEAD}workflow: [{{step: start, type: noop, data: {{v: '{{{{ a{} }}}}'}}}}]",
                "()".repeat(100_000)
            ),
            "",
        ),
        (
            "many items",
            format!(
                "{HEAD}workflow: [{{step: start, type: noop, data: {{v: '{{{{ [{}] }}}}'}}}}]",
                vec!["1"; 100_000].join(",")
            ),
            "",
        ),
        (
            "unclosed operators",
            format!(
                "{HEAD}workflow: [{{step: start, type: noop, data: {{v: \"{{{{ {} 'x }}}}\"}}}}]",
                vec!["1"; 100_000].join("+")
            ),
            "bad_expression",
        ),
        (
            "many ands",
            format!(
                "{HEAD}workflow: [{{step: start, type: noop, data: {{v: '{{{{ {} }}}}'}}}}]",
                vec!["a"; 50_000].join(" and ")
            ),
            "",
        ),
        (
            "many texts",
            format!("{HEAD}workflow: [{{step: start, type: noop, data: {{v: '{}'}}}}]", "{{ a }}".repeat(50_000)),
            "",
        ),
    ] {
        let begun = Instant::now();
        let got = parse(&source);
        println!("{name}: {:?}, {:?}", begun.elapsed(), got.diagnostics.first().map(|d| d.code.clone()));
        assert!(
            got.diagnostics.iter().any(|d| d.code.starts_with(code)) || code.is_empty(),
            "{name}: {:?}",
            got.diagnostics.first()
        );
        assert!(got.diagnostics.len() <= 201, "{name}");
        assert!(got.diagnostics.iter().all(|d| d.message.len() < 2000), "{name}");
        // Unoptimised and beside other tests; what it must not be is minutes.
        assert!(begun.elapsed() < Duration::from_secs(20), "{name} took {:?}", begun.elapsed());
    }
}

#[test]
fn any_bytes_are_read_without_panic() {
    let base = format!(
        "{HEAD}workflow:\n  - step: start\n    type: python\n    code: |\n      def main(): pass\n    next: [{{step: end, when: \"{{{{ a.b }}}}\", data: {{x: *a}}}}]\n  - &a step: end\n"
    );
    let mut seed = 1_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let bits = [
        "{{", "}}", "{%", "%}", "\n", "\t", "  ", "- ", ": ", "'", "\"", "|", ">", "&a ", "*a", "!!int ", "[", "]",
        "{", "}", "<<: ", "ä", "\u{feff}", "\0", "---\n", "%YAML", "#",
    ];
    for _ in 0..2000 {
        let mut source: Vec<char> = base.chars().collect();
        for _ in 0..1 + random(6) {
            let at = random(source.len());
            match random(3) {
                0 => drop(source.remove(at)),
                1 => drop(source.splice(at..at, bits[random(bits.len())].chars())),
                _ => drop(source.splice(at..(at + random(20)).min(source.len()), [])),
            }
        }
        let source: String = source.into_iter().collect();
        let parsed = parse(&source);
        assert!(parsed.playbook.is_some() || !parsed.diagnostics.is_empty());
        for diagnostic in parsed.diagnostics {
            assert!(diagnostic.line >= 1 && diagnostic.column >= 1);
        }
    }
}
