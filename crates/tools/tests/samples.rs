//! The log triage sample: its code and its statements, run by the providers on files of every kind it knows.

mod support;

use serde_json::{Value, json};
use std::{fmt::Write, fs, path::Path};
use support::{error, result, run, task};
use tools::{PythonProvider, SqliteProvider};

const SOURCE: &str = include_str!("../../../playbooks/log_triage.yaml");

/// The text block below the first line `head` after `after`, without its indent.
fn block(after: &str, head: &str) -> String {
    let rest = &SOURCE[SOURCE.find(after).expect("the step")..];
    let rest = &rest[rest.find(head).expect("the field") + head.len()..];
    let lines: Vec<&str> = rest.lines().skip(1).collect();
    let indent = lines[0].len() - lines[0].trim_start().len();
    let mut text = String::new();
    for line in lines {
        if !line.trim().is_empty() && line.len() - line.trim_start().len() < indent {
            break;
        }
        text.push_str(line.get(indent..).unwrap_or_default());
        text.push('\n');
    }
    text
}

/// The statements of the step `store`, in order.
fn statements() -> Vec<String> {
    let rest = &SOURCE[SOURCE.find("    commands:\n").expect("the commands")..];
    let rest = &rest[..rest.find("    next:").expect("the end")];
    let parts: Vec<&str> = rest.split("\n      - ").skip(1).collect();
    parts
        .iter()
        .map(|part| {
            let lines = part.trim_start_matches('|').lines().filter(|line| !line.trim_start().starts_with('#'));
            lines.collect::<Vec<_>>().join("\n")
        })
        .collect()
}

struct Triage {
    folder: tempfile::TempDir,
}

impl Triage {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("a file");
        path.to_str().expect("text").to_owned()
    }

    async fn python(&self, code: &str, input: Value) -> worker::Run {
        let provider = PythonProvider::new(&support::config(self.folder.path()));
        run(&provider, task("python", json!({"code": code}), input)).await
    }

    async fn read(&self, file: &str, part: &str) -> Value {
        let code = block("- name: read_log", "code: |");
        result(&self.python(&code, json!({"file": file, "part": part})).await).clone()
    }

    async fn store(&self, execution: &str, file: &str, problems: &Value) -> Value {
        let data = json!({
            "run": execution, "file": file, "bytes": 1, "lines": problems["lines"], "verdict": problems["verdict"],
            "levels": problems["levels"], "groups": problems["groups"],
        });
        let config = json!({"database": "samples.db", "commands": statements()});
        let ran = run(&SqliteProvider::new(self.folder.path()), task("sqlite", config, data)).await;
        result(&ran)["rows"].clone()
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named_with_the_input() {
    let triage = Triage::new();
    let code = block("\n  - step: look_at_file", "code: |");
    let folder = triage.folder.path().to_str().expect("text").to_owned();
    let binary = triage.file("binary", b"a\0b");
    let broken = triage.file("broken.gz", b"\x1f\x8bnot really");
    for (file, message) in [
        (json!("/no/such/file.log"), "the input `file` is `/no/such/file.log`, which does not exist; give the path"),
        (json!(""), "the input `file` is empty"),
        (json!(7), "the input `file` is empty"),
        (json!("relative.log"), "which is no absolute path"),
        (json!(folder), "which is no regular file"),
        (json!(binary), "which is not text"),
        (json!(broken), "which cannot be read"),
    ] {
        let ran = triage.python(&code, json!({"file": file})).await;
        assert!(error(&ran).message.contains(message), "{file}: {}", error(&ran).message);
    }
    let fine = triage.file("fine.log", "x\n");
    assert_eq!(result(&triage.python(&code, json!({"file": fine})).await), &json!({"file": fine, "bytes": 2}));
}

#[tokio::test]
async fn every_format_is_understood() {
    let triage = Triage::new();
    for (name, text, verdict, level, message) in [
        (
            "syslog",
            "Mar  3 07:13:01 web1 kernel: [1.2] Out of memory: Killed process 77 (java)",
            "critical",
            "critical",
            "kernel: [<n>] Out of memory: Killed process <n> (java)",
        ),
        (
            "syslog iso",
            "2025-06-24T14:36:25.123456+02:00 host systemd[1]: Failed to start nginx.service",
            "errors",
            "error",
            "systemd: Failed to start nginx.service",
        ),
        (
            "syslog 5424",
            "<34>1 2003-10-11T22:14:15.003Z host su 12 ID47 - 'su root' failed",
            "critical",
            "critical",
            "su: 'su root' failed",
        ),
        (
            "nginx access",
            "10.0.0.1 - - [23/Mar/2025:20:00:33 +0000] \"GET /users/83?x=1 HTTP/1.1\" 502 512 \"-\" \"curl\"",
            "errors",
            "error",
            "GET /users/<n> answered <n>",
        ),
        (
            "nginx error",
            "2025/03/23 20:00:33 [error] 12#0: *5 connect() failed (111: Connection refused)",
            "errors",
            "error",
            "[error] <n>#<n>: *<n> connect() failed (<n>: Connection refused)",
        ),
        (
            "apache error",
            "[Wed Oct 11 14:32:52.123456 2000] [core:error] [pid 1] File does not exist: /x",
            "errors",
            "error",
            "[core:error] [pid <n>] File does not exist: /x",
        ),
        (
            "json",
            "{\"time\": \"2025-03-03T07:13:03Z\", \"level\": \"error\", \"msg\": \"request 19 failed\"}",
            "errors",
            "error",
            "request <n> failed",
        ),
        ("json numbers", "{\"level\":60,\"time\":1700000000000,\"msg\":\"out\"}", "critical", "critical", "out"),
        (
            "docker",
            "{\"log\":\"WARN disk is slow\\n\",\"stream\":\"stderr\",\"time\":\"2025-01-01T00:00:00Z\"}",
            "clean",
            "warning",
            "WARN disk is slow",
        ),
        (
            "python",
            "2025-03-03 07:13:07,123 - app.db - ERROR - pool has 37 connections",
            "errors",
            "error",
            "app.db - ERROR - pool has <n> connections",
        ),
        ("python basic", "CRITICAL:root:gone", "critical", "critical", "CRITICAL:root:gone"),
        (
            "traceback",
            "Traceback (most recent call last):\n  File \"/x.py\", line 3, in f\n    g()\nValueError: bad id 4\nfine again",
            "errors",
            "error",
            "ValueError: bad id <n>",
        ),
        (
            "postgres",
            "2026-05-20 10:00:00.000 UTC [123] ERROR:  relation \"x\" does not exist",
            "errors",
            "error",
            "[<n>] ERROR: relation \"x\" does not exist",
        ),
        (
            "logfmt",
            "time=\"2025-01-01T00:00:00Z\" level=warning msg=\"slow\"",
            "clean",
            "warning",
            "time=\"<time>\" level=warning msg=\"slow\"",
        ),
        (
            "klog",
            "E0102 12:00:00.000000       1 reflector.go:12] Failed to watch",
            "errors",
            "error",
            "reflector.go:<n>] Failed to watch",
        ),
        ("redis", "12:M 20 May 2026 10:00:00.000 # Server started", "clean", "warning", "Server started"),
        (
            "colours",
            "\u{1b}[2m2025-01-01T00:00:00Z\u{1b}[0m \u{1b}[31mERROR\u{1b}[0m app: x",
            "errors",
            "error",
            "ERROR app: x",
        ),
        (
            "apt",
            "E: Sub-process /usr/bin/dpkg returned an error code (1)",
            "errors",
            "error",
            "E: Sub-process /usr/bin/dpkg returned an error code (<n>)",
        ),
        (
            "dpkg",
            "2025-06-24 14:36:25 status unpacked foo:amd64 1\n2025-06-24 14:36:25 status half-configured foo:amd64 1",
            "errors",
            "error",
            "package foo:amd64 was left half-configured",
        ),
    ] {
        let file = triage.file("a.log", format!("{text}\n"));
        let found = triage.read(&file, "problems").await;
        assert_eq!(found["verdict"], verdict, "{name}: {found}");
        assert_eq!(
            (&found["groups"][0]["level"], &found["groups"][0]["message"]),
            (&json!(level), &json!(message)),
            "{name}"
        );
        assert_eq!(found["different"], 1, "{name}: {found}");
    }
    for text in [
        "",
        "2025-06-24 14:36:25 status half-configured foo:amd64 1\n2025-06-24 14:36:26 status installed foo:amd64 1",
        "update-alternatives 2025-06-24 14:36:53: link group pager updated to point to /usr/bin/less",
        "Setting up libgpg-error0:amd64 (1.46-1) ...",
        "done: 0 errors, no warnings",
        "{\"level\":\"info\",\"msg\":\"the error page was shown\"}",
    ] {
        let file = triage.file("a.log", text);
        let found = triage.read(&file, "problems").await;
        assert_eq!((&found["verdict"], &found["groups"]), (&json!("clean"), &json!([])), "{text}");
    }
}

fn busy_log(requests: u32, extra: &str) -> String {
    let mut text = String::new();
    for i in 0..requests {
        let (h, m) = (i / 60 % 24, i % 60);
        let level = if i % 10 == 0 { "ERROR" } else { "INFO" };
        writeln!(
            text,
            "2025-03-03 {h:02}:{m:02}:00,123 - app - {level} - request {i} of 10.0.0.{} took {} ms",
            i % 255,
            i % 7
        )
        .expect("text");
    }
    text + extra
}

#[tokio::test]
async fn problems_are_grouped_counted_and_dated() {
    let triage = Triage::new();
    let file = triage.file("busy.log", busy_log(200, "2025-03-03 03:20:00,000 - app - WARNING - slow\n"));
    let found = triage.read(&file, "problems").await;
    assert_eq!((&found["lines"], &found["levels"]), (&json!(201), &json!({"error": 20, "warning": 1, "info": 180})));
    let group = &found["groups"][0];
    assert_eq!(group["message"], "app - ERROR - request <n> of <ip> took <n> ms");
    assert_eq!((&group["count"], &group["first_line"], &group["last_line"]), (&json!(20), &json!(1), &json!(191)));
    assert_eq!(
        (&group["first_seen"], &group["last_seen"]),
        (&json!("2025-03-03 00:00:00"), &json!("2025-03-03 03:10:00"))
    );
    assert_eq!(
        (&found["first_seen"], &found["last_seen"]),
        (&json!("2025-03-03 00:00:00"), &json!("2025-03-03 03:20:00"))
    );
    let found = triage.read(&file, "activity").await;
    assert_eq!((&found["from"], &found["to"]), (&json!("2025-03-03 00:00"), &json!("2025-03-03 03:20")));
    assert_eq!((&found["with_time"], &found["per"]), (&json!(201), &json!("minute")));
}

#[tokio::test]
async fn compressed_logs_are_read_like_plain_ones() {
    let triage = Triage::new();
    let plain = triage.file("busy.log", busy_log(50, ""));
    let expect = triage.read(&plain, "problems").await["levels"].clone();
    let code = "import bz2, gzip, lzma\ndef main(file):\n  text = open(file, 'rb').read()\n  for name, tool in (('gz', gzip), ('bz2', bz2), ('xz', lzma)):\n    with tool.open(file + '.' + name, 'wb') as f: f.write(text)\n";
    result(&triage.python(code, json!({"file": plain})).await);
    for ending in ["gz", "bz2", "xz"] {
        assert_eq!(triage.read(&format!("{plain}.{ending}"), "problems").await["levels"], expect, "{ending}");
    }
}

#[tokio::test]
async fn a_huge_file_does_not_fill_the_memory() {
    let triage = Triage::new();
    // 150 MB in one line and 100,000 different errors, in a process that may take 128 MiB.
    let mut text = "x".repeat(150_000_000);
    text.push('\n');
    for i in 0..100_000_u32 {
        writeln!(
            text,
            "2025-03-03 00:00:00 ERROR {}: it went wrong, and here is a word: {}",
            letters(i),
            letters(i.rotate_left(7))
        )
        .expect("text");
    }
    let file = triage.file("huge.log", &text);
    drop(text);
    let mut config = support::config(triage.folder.path());
    config.python_memory_bytes = 128 << 20;
    let code = block("- name: read_log", "code: |");
    let ran = run(
        &PythonProvider::new(&config),
        task("python", json!({"code": code}), json!({"file": file, "part": "problems"})),
    )
    .await;
    let found = result(&ran);
    assert_eq!((&found["lines"], &found["levels"]["error"]), (&json!(100_001), &json!(100_000)));
    assert_eq!((&found["different"], &found["groups"].as_array().map(Vec::len)), (&json!(20_000), &Some(100)));
    assert_eq!(found["not_grouped"], 80_000);
}

/// A word without digits, different for every number.
fn letters(mut number: u32) -> String {
    let mut word = String::new();
    loop {
        word.push(char::from(b'g' + (number % 20) as u8));
        number /= 20;
        if number == 0 {
            return word;
        }
    }
}

#[tokio::test]
async fn runs_are_stored_once_and_compared_with_earlier_ones() {
    let triage = Triage::new();
    let file = triage.file("busy.log", busy_log(100, ""));
    let first = triage.read(&file, "problems").await;
    let new = triage.store("run-1", &file, &first).await;
    assert_eq!(
        new,
        json!([{"level": "error", "message": "app - ERROR - request <n> of <ip> took <n> ms", "count": 10}])
    );
    let file = triage.file("busy.log", busy_log(100, "2025-03-03 09:00:00 FATAL database gone\n"));
    let second = triage.read(&file, "problems").await;
    let gone = json!([{"level": "critical", "message": "FATAL database gone", "count": 1}]);
    assert_eq!(triage.store("run-2", &file, &second).await, gone);
    // The same step again, as after a crash: the same answer, and nothing twice.
    assert_eq!(triage.store("run-2", &file, &second).await, gone);
    let count = json!({"database": "samples.db", "sql": "SELECT (SELECT count(*) FROM triage_runs) AS runs, (SELECT count(*) FROM triage_groups) AS groups"});
    let ran = run(&SqliteProvider::new(triage.folder.path()), task("sqlite", count, json!({}))).await;
    assert_eq!(result(&ran)["rows"], json!([{"runs": 2, "groups": 3}]));
}

#[tokio::test]
async fn each_verdict_has_its_advice() {
    let triage = Triage::new();
    let file = triage.file("busy.log", busy_log(100, "one\ntwo\nFATAL database gone\nthree\n"));
    let found = triage.read(&file, "problems").await;
    let code = block("\n  - step: show_surroundings", "code: |");
    let ran = triage.python(&code, json!({"file": file, "groups": found["groups"]})).await;
    assert_eq!(result(&ran)["advice"], "Look at the critical ones first: FATAL database gone");
    let around = &result(&ran)["surroundings"][0];
    assert_eq!(around["line"], 103);
    let lines: Vec<&str> =
        around["lines"].as_array().expect("lines").iter().filter_map(Value::as_str).skip(1).collect();
    assert_eq!(lines, ["one", "two", "FATAL database gone", "three"]);

    let even = triage.file("even.log", busy_log(200, ""));
    let found = triage.read(&even, "problems").await;
    let code = block("\n  - step: find_rising", "code: |");
    let ran = triage.python(&code, json!({"groups": found["groups"]})).await;
    assert_eq!(result(&ran)["advice"], "Most frequent: app - ERROR - request <n> of <ip> took <n> ms");
    let extra = "2025-03-03 05:00:00 ERROR disk is slow\n".repeat(30);
    let rising = triage.file("rising.log", busy_log(100, &extra));
    let found = triage.read(&rising, "problems").await;
    let ran = triage.python(&code, json!({"groups": found["groups"]})).await;
    assert_eq!(result(&ran)["advice"], "Getting more: ERROR disk is slow");
}

#[tokio::test]
async fn the_default_file_is_read_where_there_is_one() {
    let file = "/var/log/dpkg.log";
    assert!(SOURCE.contains(&format!("file: {file}")));
    if Path::new(file).exists() {
        let found = Triage::new().read(file, "problems").await;
        assert!(found["lines"].as_u64().is_some_and(|lines| lines > 0));
    }
}
