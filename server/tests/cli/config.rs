//! Where settings come from, and what is refused. Exit code 2, one line, the place named.

use crate::support::{Run, Served, signalbox};
use std::fs;

#[track_caller]
fn refused(args: &[&str], file: Option<&str>, variables: &[(&str, &str)], parts: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    if let Some(text) = file {
        fs::write(folder.path().join("signalbox.toml"), text).unwrap();
    }
    let mut command = signalbox(folder.path());
    command.args(args).envs(variables.iter().copied());
    let run = Run::from(command.output().unwrap()).expect(2);
    assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
    for part in parts {
        assert!(run.stderr.contains(part), "{part} in {}", run.stderr);
    }
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    assert!(!folder.path().join(".local").exists(), "nothing was made");
}

#[test]
fn what_this_version_cannot_do_is_said() {
    refused(&["serve", "--listen", "0.0.0.0:9999"], None, &[], &["--listen", "without TLS", "--proxy", "127.0.0.1"]);
    refused(&["serve", "--listen", "[::]:0"], None, &[], &["--listen", "without TLS"]);
    refused(&["serve", "--proxy", "my.proxy"], None, &[], &["--proxy", "`my.proxy`"]);
    refused(&["serve", "--auth", "maybe"], None, &[], &["--auth", "`maybe`", "required"]);
    let keys = [("SIGNALBOX_JWT_JWKS_URL", "https://issuer.test/keys")];
    refused(&["serve"], None, &keys, &["SIGNALBOX_JWT_JWKS_URL", "jwt_issuer"]);
    refused(&["serve"], Some("jwt_secret_file = 'none'"), &[], &["`jwt_secret_file`", "cannot be read"]);
    refused(&["serve", "--listen", ":9999"], None, &[], &["--listen"]);
    refused(&["serve", "--listen", "nonsense"], None, &[], &["--listen", "HOST:PORT"]);
    refused(&["serve", "--store", "postgres:hunter2"], None, &[], &["--store", "postgres://USER:PASSWORD@HOST"]);
    refused(&["serve", "--store", "mysql://u:hunter2@db/x"], None, &[], &["--store", "sqlite:PATH", "postgres://"]);
    refused(&["serve", "--bus", "redis://:hunter2@r"], None, &[], &["--bus", "PostgreSQL", "memory"]);
    refused(&["serve", "--bus", "rediss://:hunter2@r"], None, &[], &["--bus", "TLS"]);
    refused(&["serve", "--bus", "redis:hunter2"], None, &[], &["--bus", "redis://HOST:PORT"]);
    refused(&["serve", "--bus", "nats://:hunter2@r"], None, &[], &["--bus", "memory"]);
    refused(&["serve", "--roles", "queue_manager"], None, &[], &["--roles", "queue_manager"]);
    refused(&["serve", "--roles", "boss"], None, &[], &["--roles", "`boss`"]);
    refused(&["serve", "--hub", "http://other:9999"], None, &[], &["--hub"]);
    refused(&["serve", "--hosts", "http://a/"], None, &[], &["--hosts", "`http://a/`"]);
    refused(&["serve", "--log", "a=b=c"], None, &[], &["a=b=c"]);
}

#[test]
fn the_place_is_named_wherever_it_is() {
    refused(&["serve"], None, &[("SIGNALBOX_LISTEN", "0.0.0.0:1")], &["SIGNALBOX_LISTEN"]);
    refused(&["serve"], Some("listen = '0.0.0.0:1'"), &[], &["`listen`", "signalbox.toml"]);
    refused(&["serve"], Some("\nlisen = '127.0.0.1:0'"), &[], &["signalbox.toml", "line 2", "`lisen`", "`listen`"]);
    refused(&["serve"], Some("listen = 1"), &[], &["signalbox.toml", "line 1"]);
    refused(&["serve"], Some("listen ="), &[], &["signalbox.toml", "line 1"]);
    refused(&["serve", "--config", "none.toml"], None, &[], &["none.toml"]);
    refused(&["run", "x", "--store", "mysql://u:hunter2@db/x"], None, &[], &["--store"]);
}

#[test]
fn flag_beats_variable_beats_file_beats_default() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("signalbox.toml"), "data = 'of-file'\nlisten = '127.0.0.1:0'\n").unwrap();
    let list = |args: &[&str], variable: Option<&str>| {
        let mut command = signalbox(path);
        command.arg("list").args(args).envs(variable.map(|value| ("SIGNALBOX_DATA", value)));
        Run::from(command.output().unwrap()).expect(0);
        let made: Vec<String> = ["of-flag", "of-variable", "of-file", ".local/share/signalbox"]
            .into_iter()
            .filter(|name| path.join(name).exists())
            .map(str::to_owned)
            .collect();
        for name in ["of-flag", "of-variable", "of-file", ".local"] {
            let _ = fs::remove_dir_all(path.join(name));
        }
        made
    };
    assert_eq!(list(&["--data", "of-flag"], Some("of-variable")), ["of-flag"]);
    assert_eq!(list(&[], Some("of-variable")), ["of-variable"]);
    assert_eq!(list(&[], None), ["of-file"]);
    fs::remove_file(path.join("signalbox.toml")).unwrap();
    assert_eq!(list(&[], None), [".local/share/signalbox"]);
}

#[test]
fn a_files_paths_are_meant_from_the_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("etc")).unwrap();
    fs::write(folder.path().join("etc/box.toml"), "data = '../kept'\n").unwrap();
    Run::of(folder.path(), ["list", "--config", "etc/box.toml"]).expect(0);
    assert!(folder.path().join("kept/signalbox.db").exists());
}

#[test]
fn cargo_leptos_starts_it_without_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = signalbox(folder.path())
        .envs([("LEPTOS_SITE_ADDR", "127.0.0.1:0"), ("LEPTOS_WATCH", "true"), ("LEPTOS_RELOAD_PORT", "9998")])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    let mut served = Served { child, url: line.trim_end().to_owned() };
    assert!(served.url.starts_with("http://127.0.0.1:"), "{line:?}");
    served.signal("TERM");
    assert_eq!(served.wait(), Some(0));
}

#[test]
fn without_a_command_there_is_help() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::of(folder.path(), [""; 0]).expect(2);
    assert!(run.stdout.contains("serve") && run.stdout.contains("run"), "{run:?}");
}
