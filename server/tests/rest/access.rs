//! Who may do what over HTTP, and as a worker.

use super::people::{EVERYBODY, jwt, refused, sign_in, token, trusted, with_body};
use crate::support::{Answer, ECHO, TestServer, WAITING, password, signalbox};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

#[tokio::test]
async fn nobody_gets_in_without_saying_who_they_are() {
    let server = TestServer::start_guarded(&EVERYBODY, |_| ()).await;
    for path in ["/api/v1/playbooks", "/api/v1/health", "/api/v1/tokens", "/api/v1/nothing", "/"] {
        let answer = server.read(path).await;
        answer.problem(401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    server.send_yaml("/api/v1/playbooks", ECHO).await.problem(401, "unauthenticated");
    let form = server.post("/api/sf/run_playbook", "application/x-www-form-urlencoded", "path=a&version=1&input=");
    Answer::of(form).await.problem(401, "unauthenticated");
    for (name, value) in [("authorization", "Bearer sbx_x"), ("authorization", "Bearer a.b.c")] {
        let problem = Answer::of(server.get("/api/v1/health").header(name, value)).await;
        problem.problem(401, "token_unknown");
    }
    let stale = server.get("/api/v1/health").header("cookie", "signalbox_session=sbs_x");
    Answer::of(stale).await.problem(401, "unauthenticated");

    let page = Answer::of(server.get("/executions?q=a").header("accept", "text/html")).await;
    assert_eq!((page.status, page.header("location")), (303, "/login?next=%2Fexecutions%3Fq%3Da"));
    for open in ["/healthz", "/readyz"] {
        assert_eq!(server.read(open).await.status, 200, "{open}");
    }
    let admin = sign_in(&server, "ann").await;
    let counted = refused(&server, &admin).await;
    assert_eq!(counted["unauthenticated"], 10, "{counted}");
    assert_eq!(counted["host"], 0, "named though it is 0: {counted}");
}

#[tokio::test]
async fn roles_permit_what_they_permit() {
    let server = TestServer::start_guarded(&EVERYBODY, |_| ()).await;
    let admin = sign_in(&server, "ann").await;
    let (operator, viewer) = (sign_in(&server, "olga").await, sign_in(&server, "vera").await);
    let as_who = |request: RequestBuilder, cookie: &str| Answer::of(request.header("cookie", cookie));
    let register = || server.post("/api/v1/playbooks", "application/yaml", ECHO);
    let run = || server.post("/api/v1/executions", "application/json", r#"{"path": "tests/echo"}"#);
    as_who(register(), &viewer).await.problem(403, "forbidden");
    as_who(register(), &operator).await.expect(201);
    as_who(run(), &viewer).await.problem(403, "forbidden");
    let id = as_who(run(), &operator).await.expect(201)["execution_id"].as_str().unwrap().to_owned();

    // Looking is for everybody who is known, but not at everything.
    as_who(server.get(&format!("/api/v1/executions/{id}/events")), &viewer).await.expect(200);
    as_who(server.get("/api/v1/events?topic=workflow_executions"), &viewer).await.expect(200);
    let detail = as_who(server.get("/api/v1/events?topic=events"), &operator).await.problem(403, "forbidden").clone();
    assert!(detail.contains("`events`") && detail.contains("admin may"), "{detail}");
    as_who(server.get("/api/v1/events?topic=events"), &admin).await.expect(200);
    for path in ["/api/v1/users", "/api/v1/credentials"] {
        as_who(server.get(path), &operator).await.problem(403, "forbidden");
        as_who(server.get(path), &admin).await.expect(200);
    }
    let page = server.get("/credentials").header("accept", "text/html");
    assert_eq!(as_who(page, &operator).await.status, 403);

    // Nobody hands out what they do not have; a program hands out nothing.
    let make = |role: &str, name: &str| {
        with_body(server.client.post(server.url("/api/v1/tokens")), &json!({"name": name, "role": role}))
    };
    as_who(make("admin", "a"), &operator).await.problem(403, "forbidden");
    let own = as_who(make("operator", "b"), &operator).await.expect(201)["token"].as_str().unwrap().to_owned();
    Answer::of(make("viewer", "c").bearer_auth(&own)).await.problem(403, "forbidden");
    as_who(make("viewer", "b"), &admin).await.problem(409, "token_exists");
    assert_eq!(as_who(server.get("/api/v1/tokens"), &viewer).await.expect(200), json!([]), "another's is not shown");
    let delete = |name: &str| server.client.delete(server.url(&format!("/api/v1/tokens/{name}")));
    as_who(delete("b"), &viewer).await.problem(404, "not_found");

    // Who did it is who they are.
    let cancel = server.client.post(server.url(&format!("/api/v1/executions/{id}/pause"))).bearer_auth(&own);
    let paused = Answer::of(cancel).await;
    assert!(matches!(paused.status, 200 | 409), "{}", paused.text());

    // A password of one's own.
    let set = |body: &Value| with_body(server.client.put(server.url("/api/v1/users/olga/password")), body);
    let fresh = json!({"password": "another one", "current": "not it"});
    as_who(set(&fresh), &viewer).await.problem(403, "forbidden");
    as_who(set(&fresh), &operator).await.problem(401, "login_failed");
    let fresh = json!({"password": "another one", "current": password("olga")});
    assert_eq!(as_who(set(&fresh), &operator).await.status, 204);
    as_who(server.get("/api/v1/identity"), &operator).await.problem(401, "unauthenticated");

    // Who goes takes their tokens along.
    let remove = server.client.delete(server.url("/api/v1/users/olga"));
    assert_eq!(as_who(remove, &admin).await.status, 204);
    Answer::of(server.get("/api/v1/identity").bearer_auth(&own)).await.problem(401, "token_unknown");
}

#[tokio::test]
async fn a_program_is_not_taken_for_the_person_of_its_name() {
    let server = TestServer::start_guarded(&EVERYBODY, |config| config.access.jwt = Some(trusted())).await;
    let (ann, olga) = (sign_in(&server, "ann").await, sign_in(&server, "olga").await);
    let secret = token(&server, &olga, json!({"name": "ann", "role": "operator"})).await;
    let signed = jwt("operator", "ann", 60);
    let register = server.post("/api/v1/playbooks", "application/yaml", WAITING).header("cookie", &ann);
    Answer::of(register).await.expect(201);
    let post = |path: &str, body: Value| with_body(server.client.post(server.url(path)), &body);
    let bearer = |token: &str| ("authorization", format!("Bearer {token}"));
    for ((header, proof), by) in [
        (bearer(&secret), "token:ann"),
        (bearer(&signed), "jwt:ann"),
        (("cookie", ann.clone()), "ann"),
        (("cookie", olga.clone()), "olga"),
    ] {
        let run = post("/api/v1/executions", json!({"path": "tests/waiting"})).header(header, &proof);
        let id = Answer::of(run).await.expect(201)["execution_id"].as_str().unwrap().to_owned();
        let at = |verb: &str| format!("/api/v1/executions/{id}/{verb}");
        Answer::of(post(&at("pause"), json!({})).header(header, &proof)).await.expect(200);
        let history = Answer::of(server.get(&at("events")).header(header, &proof)).await.expect(200);
        let events = history["events"].as_array().unwrap();
        let paused = events.iter().find(|event| event["type"] == "execution_paused").expect("the event");
        assert_eq!(paused["data"]["by"], by);
    }
}

#[tokio::test]
async fn a_worker_is_what_its_token_says() {
    let server = TestServer::start_guarded(&EVERYBODY, |_| ()).await;
    let admin = sign_in(&server, "ann").await;
    let viewer = token(&server, &admin, json!({"name": "look", "role": "viewer"})).await;
    let limited = json!({"name": "gpu", "role": "component", "protocols": ["python"]});
    let limited = token(&server, &admin, limited).await;
    let folder = tempfile::tempdir().unwrap();
    let worker = |token: Option<&str>, types: &str| {
        let mut command = signalbox(folder.path());
        command.args(["worker", "--server", &server.url(""), "--types", types]).stdout(Stdio::piped());
        command.stderr(Stdio::piped()).envs(token.map(|token| ("SIGNALBOX_TOKEN", token)));
        command.spawn().unwrap()
    };
    for (token, types, part) in [
        (None, "python", "the first frame is `authenticate`"),
        (Some("sbx_nobodys"), "python", "401"),
        (Some(viewer.as_str()), "python", "may not take tasks"),
        (Some(limited.as_str()), "python,http", "may take tasks of python only"),
    ] {
        let child = worker(token, types);
        let ended = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap();
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!ended.status.success() && told.contains(part), "{types}: {told}");
    }
    let mut child = worker(Some(limited.as_str()), "python");
    let stdout = child.stdout.take().unwrap();
    let line = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        line
    });
    assert!(line.await.unwrap().starts_with("joined "));
    let revoke = server.client.delete(server.url("/api/v1/tokens/gpu")).header("cookie", &admin);
    assert_eq!(Answer::of(revoke).await.status, 204);
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(!ended.status.success() && told.contains("4401"), "a worker without a proof leaves: {told}");
}

#[tokio::test]
async fn at_this_machine_nobody_is_asked_unless_it_is_required() {
    let server = TestServer::start().await;
    let add = json!({"name": "ann", "role": "admin", "password": "long enough"});
    server.send_json("/api/v1/users", &add).await.expect(201);
    server.send_json("/api/v1/users", &add).await.problem(409, "user_exists");
    for (field, value) in [
        ("name", json!("a b")),
        ("name", json!("api")),
        ("name", json!("Dashboard")),
        ("password", json!("short")),
        ("role", json!("component")),
    ] {
        let mut wrong = json!({"name": "bob", "role": "viewer", "password": "long enough"});
        wrong[field] = value;
        server.send_json("/api/v1/users", &wrong).await.problem(422, "user_invalid");
    }
    for wrong in [
        json!({"name": "a b", "role": "viewer"}),
        json!({"name": "t", "role": "viewer", "protocols": ["python"]}),
        json!({"name": "t", "role": "component", "protocols": []}),
        json!({"name": "t", "role": "component", "expires_in_days": 0}),
    ] {
        server.send_json("/api/v1/tokens", &wrong).await.problem(422, "token_invalid");
    }
    assert_eq!(server.read("/api/v1/identity").await.expect(200), json!({"name": "api", "role": "admin"}));
    // Who says who they are is taken at their word, and a token that is nobody's is not passed over.
    let viewer = json!({"name": "look", "role": "viewer"});
    let secret = server.send_json("/api/v1/tokens", &viewer).await.expect(201)["token"].as_str().unwrap().to_owned();
    Answer::of(server.get("/api/v1/users").bearer_auth(&secret)).await.problem(403, "forbidden");
    Answer::of(server.get("/api/v1/users").bearer_auth("sbx_x")).await.problem(401, "token_unknown");
}
