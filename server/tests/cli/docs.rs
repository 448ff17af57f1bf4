//! The curl lines of docs/api.md work as written.

use crate::support::Served;
use std::{fs, path::Path, process::Command};

#[test]
fn every_curl_line_of_the_api_docs_works() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), "data");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join("docs/api.md")).expect("docs/api.md");
    let lines: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| ["B=", "ID=", "curl "].iter().any(|start| line.starts_with(start)))
        .collect();
    assert!(lines.len() > 15, "{lines:?}");

    // Each line says its status at the end of its output. Telling something to what has ended already is a good answer too.
    let mut script = "curl() { command curl -w ' [%{http_code}]\\n' \"$@\"; }\n".to_owned();
    for line in &lines {
        script.push_str(
            &line.replace("http://127.0.0.1:9999", &served.url).replace("http://localhost:9999", &served.url),
        );
        script.push('\n');
    }
    let output = Command::new("sh").arg("-euc").arg(&script).current_dir(&root).output().expect("sh runs");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    let answers: Vec<&str> = out.split("]\n").filter(|answer| !answer.trim().is_empty()).collect();
    let asking = lines.iter().filter(|line| line.starts_with("curl "));
    assert_eq!(answers.len(), asking.clone().count(), "{out}");
    for (line, answer) in asking.zip(answers) {
        let status = answer.rsplit('[').next().expect("a status");
        let orders = ["/cancel", "/terminate", "/pause", "/resume", "/signals", "/approvals/", "/rerun"];
        let has_ended = status == "409" && orders.iter().any(|order| line.contains(order));
        let is_good = status.starts_with('2') || has_ended;
        assert!(is_good, "{line}\n{answer}]");
    }
}
