//! `signalbox users`, `signalbox tokens`, and how commands prove who they are.

use crate::support::{Run, Served, signalbox};
use serde_json::json;
use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

#[test]
fn users_are_added_from_standard_input_and_commands_reach_a_guarded_server() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let add = |name: &str, role: &str, password: &str| {
        Run::fed(folder, ["users", "add", name, "--role", role, "--data", "data"], password)
    };
    assert_eq!(add("ann", "admin", "correct horse\n").expect(0).stdout, "ann added, admin\n");
    add("bob", "viewer", "short\n").expect(2);
    add("bob", "boss", "correct horse\n").expect(2);
    // On the folder's server too, which lets in who can read its folder.
    let served = Served::start_with(folder, &["--data", "data", "--auth", "required"]);
    assert_eq!(add("bob", "viewer", "correct horse").expect(0).stdout, "bob added, viewer\n");
    add("bob", "viewer", "correct horse").expect(2);
    let list = Run::of(folder, ["users", "list", "--data", "data", "--json"]).expect(0).lines();
    let users: Vec<_> = list.iter().map(|user| (&user["name"], &user["role"])).collect();
    assert_eq!(users, [(&json!("ann"), &json!("admin")), (&json!("bob"), &json!("viewer"))]);
    let table = Run::of(folder, ["users", "list", "--data", "data"]).expect(0).stdout;
    assert!(table.contains("ann") && !table.contains("argon2"), "{table}");

    let made = Run::of(folder, ["tokens", "create", "ci", "--role", "viewer", "--data", "data"]).expect(0).stdout;
    let token = made.trim_end();
    assert!(token.starts_with("sbx_"), "{made}");
    // Elsewhere one needs a token.
    let remote = |token: Option<&str>, command: &[&str]| {
        let mut run = signalbox(folder);
        run.args(command).args(["--server", &served.url]).envs(token.map(|token| ("SIGNALBOX_TOKEN", token)));
        Run::from(run.output().unwrap())
    };
    assert!(remote(None, &["list"]).expect(2).stderr.contains("Authorization: Bearer"));
    assert!(remote(Some("sbx_x"), &["list"]).expect(2).stderr.contains("nobody's"));
    remote(Some(token), &["list"]).expect(0);
    assert!(remote(Some(token), &["users", "list"]).expect(2).stderr.contains("may not administer"));
    let tokens = Run::of(folder, ["tokens", "list", "--data", "data"]).expect(0).stdout;
    assert!(tokens.contains("ci") && tokens.contains("viewer") && !tokens.contains(token), "{tokens}");
    Run::of(folder, ["tokens", "revoke", "ci", "--data", "data"]).expect(0);
    remote(Some(token), &["list"]).expect(2);
    let fed = Run::fed(folder, ["users", "password", "bob", "--data", "data"], "another one");
    assert_eq!(fed.expect(0).stdout, "the password of bob is set\n");
    assert_eq!(Run::of(folder, ["users", "remove", "bob", "--data", "data"]).expect(0).stdout, "bob removed\n");
    Run::of(folder, ["users", "remove", "bob", "--data", "data"]).expect(2);
}

#[test]
fn reachable_from_elsewhere_a_server_starts_only_when_somebody_can_sign_in() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let reachable = [("0.0.0.0", "from other machines"), ("127.0.0.1", "through a proxy")];
    let serve = |address: &str| {
        let listen = format!("{address}:0");
        ["serve", "--listen", &listen, "--proxy", "127.0.0.1", "--data", "data"].map(str::to_owned)
    };
    for (address, from) in reachable {
        let refused = Run::of(folder, serve(address)).expect(1);
        assert_eq!(refused.stderr.lines().count(), 1, "{refused:?}");
        let way_out = "signalbox users add NAME --role admin";
        assert!(refused.stderr.contains(from) && refused.stderr.contains(way_out), "{refused:?}");
    }
    Run::fed(folder, ["users", "add", "ann", "--role", "admin", "--data", "data"], "correct horse").expect(0);
    for (address, _) in reachable {
        let mut child = signalbox(folder)
            .args(serve(address))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let served = Served { child, url: line.trim_end().to_owned() };
        assert!(served.url.starts_with(&format!("http://{address}:")), "{line:?}");
        // Without a proof nothing is told, though required was not said.
        let list = Run::of(folder, ["list", "--server", &served.url]);
        assert!(list.expect(2).stderr.contains("Authorization: Bearer"));
        Run::of(folder, ["list", "--data", "data"]).expect(0);
    }
}
