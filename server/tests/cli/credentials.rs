//! `signalbox credentials`, and what becomes of credentials and secrets in a run: the step has them, and nothing
//! that is kept or said does.

use crate::support::{Run, Served, signalbox};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Stdio,
    thread,
};

const SECRETS: [&str; 3] = ["open-sesame", "second-sesame", "third-sesame"];

/// Files below a folder that have the text in them.
pub(crate) fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if fs::read(&path).unwrap().windows(text.len()).any(|bytes| bytes == text.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_credential_is_set_from_standard_input_listed_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let set = |args: &[&str], input: &str| {
        let mut all = vec!["credentials", "set", "--data", "data"];
        all.extend(args);
        Run::fed(folder, all, input)
    };
    let stored =
        set(&["pg", "--type", "postgres", "--hint", "of tests"], r#"{"host": "h", "password": "open-sesame"}"#);
    assert_eq!(stored.expect(0).stdout, "pg stored, type postgres\n");
    assert_eq!(set(&["hub", "--type", "bearer"], "second-sesame\n").expect(0).stdout, "hub stored, type bearer\n");
    fs::write(folder.join("c.json"), r#"{"type": "basic", "data": {"username": "u", "password": "third-sesame"}}"#)
        .unwrap();
    assert_eq!(set(&["web", "--from", "c.json"], "").expect(0).stdout, "web stored, type basic\n");
    fs::remove_file(folder.join("c.json")).unwrap();

    let listed = Run::of(folder, ["credentials", "list", "--data", "data", "--json"]).expect(0);
    let rows = listed.lines();
    let names: Vec<_> = rows.iter().map(|row| (row["name"].as_str().unwrap(), row["type"].as_str().unwrap())).collect();
    assert_eq!(names, [("hub", "bearer"), ("pg", "postgres"), ("web", "basic")]);
    let table = Run::of(folder, ["credentials", "list", "--data", "data"]).expect(0);
    assert!(table.stdout.contains("of tests") && table.stdout.lines().count() == 3, "{table:?}");
    for secret in SECRETS {
        assert!(!format!("{listed:?}{table:?}").contains(secret));
        assert_eq!(files_with(folder, secret), [] as [String; 0]);
    }
    let key = folder.join("data.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);

    // The same through a server that has the folder.
    let served = Served::start(folder, "data");
    let rotated = Run::of(folder, ["credentials", "rotate", "--data", "data"]).expect(0);
    assert!(rotated.stdout.starts_with("3 sealed with the new key "), "{rotated:?}");
    Run::of(folder, ["credentials", "rm", "pg", "--server", &served.url]).expect(0);
    Run::of(folder, ["credentials", "rm", "pg", "--server", &served.url]).expect(2);
    assert_eq!(set(&["hub", "--type", "bearer"], "second-sesame").expect(0).stdout, "hub stored, type bearer\n");
    let listed = Run::of(folder, ["credentials", "list", "--data", "data"]).expect(0);
    assert_eq!(listed.stdout.lines().count(), 2, "{listed:?}");
}

#[test]
fn what_is_no_credential_is_refused_without_repeating_it() {
    let folder = tempfile::tempdir().unwrap();
    for (args, input, part) in [
        (&["a"] as &[&str], "open-sesame", "must be a JSON object"),
        (&["a"], "{\"open-sesame\"", "not a JSON object"),
        (&["a"], "", "empty"),
        (&["a", "--from", "none.json"], "", "none.json"),
        (&["a b"], "{\"a\": \"open-sesame\"}", "name"),
    ] {
        let mut all = vec!["credentials", "set", "--data", "data"];
        all.extend(args);
        let run = Run::fed(folder.path(), all, input).expect(2);
        assert!(run.stderr.contains(part) && !run.stderr.contains("sesame"), "{run:?}");
    }
    // A key that was named has to be there.
    let mut command = signalbox(folder.path());
    command.args(["credentials", "set", "a", "--type", "bearer", "--data", "data"]).stdin(Stdio::piped());
    command.env("SIGNALBOX_SECRET_KEY_FILE", "no/such/key").stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"open-sesame").unwrap();
    let run = Run::from(child.wait_with_output().unwrap()).expect(1);
    assert!(run.stderr.contains("no/such/key does not exist") && !run.stderr.contains("sesame"), "{run:?}");
}

const CALLS: &str = r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: calls, path: tests/calls}
workload: {url: ""}
workflow:
  - {step: start, next: secret}
  - {step: secret, type: secrets, name: API_KEY, next: call}
  - step: call
    type: http
    method: POST
    url: "{{ workload.url }}"
    auth: hub
    params: {key: "{{ secret.value }}"}
    payload: {from: "key={{ secret.value }}"}
    next: compute
  - step: compute
    type: python
    auth: {pass: web}
    args: {key: "{{ secret.value }}", said: "{{ call.data }}"}
    code: |
      import sys
      def main(key, said, auth):
          print("python has", key, auth["pass"]["password"])
          print("and says so", auth["pass"]["password"], file=sys.stderr)
          return {"length": len(key), "key": key, "pass": auth["pass"]["password"], "said": said}
    next: end
  - {step: end, result: "{{ compute }}"}
"#;

/// Answers one request with itself; the thread returns what it got.
fn echo() -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let thread = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut seen = Vec::new();
        let mut chunk = [0; 4096];
        while !String::from_utf8_lossy(&seen).ends_with("\"}") {
            let n = stream.read(&mut chunk).unwrap();
            assert!(n > 0, "cut off at {}", String::from_utf8_lossy(&seen));
            seen.extend_from_slice(&chunk[..n]);
        }
        let text = String::from_utf8(seen).unwrap();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", text.len());
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        text
    });
    (url, thread)
}

#[test]
fn steps_have_the_secrets_and_nothing_that_is_kept_or_said_does() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("calls.yaml"), CALLS).unwrap();
    let [hub, web, key] = SECRETS;
    Run::fed(folder, ["credentials", "set", "hub", "--type", "bearer", "--data", "data"], hub).expect(0);
    let basic = json!({"username": "ada", "password": web}).to_string();
    Run::fed(folder, ["credentials", "set", "web", "--type", "basic", "--data", "data"], &basic).expect(0);

    let (url, server) = echo();
    let mut command = signalbox(folder);
    command
        .args(["run", "calls.yaml", "--data", "data", "--json", "--log", "trace"])
        .args(["--input", &json!({"url": url}).to_string()])
        .env("SIGNALBOX_HTTP_ALLOW", "127.0.0.1")
        .env("SIGNALBOX_SECRET_API_KEY", key);
    let run = Run::from(command.output().unwrap()).expect(0);
    let request = server.join().unwrap();
    assert!(request.contains(&format!("authorization: Bearer {hub}")), "{request}");
    assert!(request.contains(&format!("?key={key} ")) && request.contains(&format!("key={key}\"")), "{request}");

    let lines = run.lines();
    let result = &lines.last().unwrap()["result"];
    let handle =
        lines.iter().find(|event| event["type"] == "action_completed").unwrap()["data"]["result"]["value"].clone();
    assert!(handle.as_str().unwrap().starts_with("signalbox-secret.API_KEY."), "{handle}");
    assert_eq!(result["length"], json!(key.len()), "the step had the secret itself");
    assert_eq!((&result["key"], &result["pass"]), (&handle, &json!("***")));
    let said = result["said"].as_str().unwrap();
    assert!(said.contains("authorization: Bearer ***"), "{said}");
    let logged = lines.iter().find(|event| event["data"]["logs"].is_object()).unwrap();
    assert_eq!(logged["data"]["logs"]["stderr"], "and says so ***\n");

    assert!(run.stderr.contains("DEBUG") || run.stderr.contains("TRACE"), "the log is there: {}", run.stderr);
    let page: Value = json!([run.stdout, run.stderr]);
    for secret in SECRETS {
        assert!(!page.to_string().contains(secret), "{secret} in {page}");
        assert_eq!(files_with(folder, secret), [] as [String; 0]);
    }
    assert_ne!(files_with(folder, "signalbox-secret.API_KEY."), [] as [String; 0], "the search finds what is there");
}
