use crate::{HEAD, parse, short};

#[test]
fn every_example_of_the_documentation_is_right() {
    let text = include_str!("../../../../docs/playbook.md");
    let blocks: Vec<&str> = text.split("```yaml\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    assert!(blocks.len() > 10, "{}", blocks.len());
    for block in blocks {
        let source =
            if block.starts_with("apiVersion") { block.to_owned() } else { format!("{HEAD}workflow:\n{block}") };
        let got = parse(&source).diagnostics;
        assert!(got.is_empty(), "{:?} in\n{block}", got.iter().map(short).collect::<Vec<_>>());
    }
}
