//! docs/errors.md has a section for every error code in the sources, so that a problem's link leads somewhere.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What a code literal directly follows, once white space is folded.
const MAKERS: [&str; 7] = [
    "Problem::bad_request(",
    "TaskError::new(",
    ".error(problems, ",
    ".warning(problems, ",
    "problems.error(",
    "problems.warning(",
    "Invalid::new(",
];

#[test]
fn every_code_has_its_section() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join("docs/errors.md")).expect("docs/errors.md");
    let sections: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    let mut files = Vec::new();
    for folder in ["app/src", "server/src", "crates"] {
        collect(&root.join(folder), &mut files);
    }
    let mut codes = BTreeSet::new();
    for file in files {
        codes.extend(codes_in(&fs::read_to_string(&file).expect("a source")));
    }
    assert!(codes.len() > 50, "the search finds too little: {codes:?}");
    let missing: Vec<_> = codes.iter().filter(|code| !sections.contains(code.as_str())).collect();
    assert!(missing.is_empty(), "docs/errors.md has no section for {missing:?}");
}

#[test]
fn codes_are_found_over_line_breaks_and_not_in_tests() {
    let source = "Problem::new(\n    404,\n    \"one_code\",\n); Problem::bad_request(\"two\", x); at.error(\n problems,\n \
                  \"three\", y) #[cfg(test)]\nmod tests { TaskError::new(\"four\", z) }";
    assert_eq!(codes_in(source), ["one_code", "two", "three"].map(str::to_owned).into());
}

/// Source files; tests, conformance suites and example programs (whose codes are their own) left out.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        match name {
            "tests" | "examples" | "conformance" | "bench" | "testkit" | "target" => {}
            _ if path.is_dir() => collect(&path, files),
            _ if name.ends_with(".rs") => files.push(path),
            _ => {}
        }
    }
}

fn codes_in(source: &str) -> BTreeSet<String> {
    let folded = source.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(");
    let product = folded.split("#[cfg(test)] mod tests").next().unwrap_or_default();
    let mut codes = BTreeSet::new();
    for maker in MAKERS {
        codes.extend(product.split(maker).skip(1).filter_map(literal));
    }
    let with_status = product.split("Problem::new(").skip(1);
    codes.extend(
        with_status
            .filter_map(|rest| literal(rest.trim_start_matches(|c: char| c.is_ascii_digit() || ", ".contains(c)))),
    );
    codes
}

/// The code a text begins with, as a string literal.
fn literal(text: &str) -> Option<String> {
    let (code, _) = text.strip_prefix('"')?.split_once('"')?;
    (!code.is_empty() && code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
        .then(|| code.to_owned())
}
