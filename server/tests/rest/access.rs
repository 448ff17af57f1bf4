//! Who may do what, over HTTP and the socket.

use crate::support::{Answer, ECHO, TestServer, password, signalbox};
use futures::{SinkExt, StreamExt};
use jsonwebtoken::{EncodingKey, Header, encode};
use protocol::{Role, frame::close};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use server::config::{JwtConfig, JwtKeys, Proxies};
use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

const EVERYBODY: [(&str, Role); 3] = [("ann", Role::Admin), ("olga", Role::Operator), ("vera", Role::Viewer)];

/// Signs in; the cookie as it is sent back.
pub(crate) async fn sign_in(server: &TestServer, name: &str) -> String {
    let body = json!({"name": name, "password": password(name)});
    let answer = server.send_json("/api/v1/login", &body).await;
    let cookie = answer.header("set-cookie").to_owned();
    answer.expect(200);
    assert!(cookie.contains("; HttpOnly; SameSite=Lax") && !cookie.contains("Secure"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

fn with_body(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request.header("content-type", "application/json").body(body.to_string())
}

/// A token of a role, made by the admin.
pub(crate) async fn token(server: &TestServer, admin: &str, request: Value) -> String {
    let make = with_body(server.client.post(server.url("/api/v1/tokens")), &request).header("cookie", admin);
    Answer::of(make).await.expect(201)["token"].as_str().unwrap().to_owned()
}

async fn refused(server: &TestServer, admin: &str) -> Value {
    let health = server.get("/api/v1/health").header("cookie", admin);
    Answer::of(health).await.expect(200)["refused"].clone()
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn socket(server: &TestServer, headers: &[(&'static str, &str)]) -> Result<Socket, Error> {
    let mut request = format!("ws://{}/api/ws", server.address).into_client_request()?;
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let (mut socket, _) = connect_async(request).await?;
    assert_eq!(next(&mut socket).await.unwrap()["type"], "hello");
    Ok(socket)
}

/// The next frame, or the code of the close.
async fn next(socket: &mut Socket) -> Result<Value, u16> {
    loop {
        let message = tokio::time::timeout(Duration::from_secs(60), socket.next()).await.expect("in time");
        match message {
            Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn send(socket: &mut Socket, frame: Value) {
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

async fn ask(socket: &mut Socket, frame: Value) -> Value {
    send(socket, frame).await;
    next(socket).await.unwrap()
}

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
async fn signing_in_and_out() {
    let server = TestServer::start_guarded(&EVERYBODY, |_| ()).await;
    let cookie = sign_in(&server, "vera").await;
    let who = Answer::of(server.get("/api/v1/identity").header("cookie", &cookie)).await.expect(200);
    assert_eq!((&who["name"], &who["role"]), (&json!("vera"), &json!("viewer")));
    assert!(who["expires_at"].as_i64().unwrap() > 0);
    let page = Answer::of(server.get("/").header("cookie", &cookie).header("accept", "text/html")).await;
    assert!(page.status == 200 && page.text().contains("Signed in as vera, viewer"), "{}", page.status);

    // A page of another origin cannot use the cookie.
    let foreign = with_body(server.client.post(server.url("/api/v1/logout")), &json!({})).header("cookie", &cookie);
    Answer::of(foreign.header("origin", "http://evil.test")).await.problem(403, "cross_site");

    let out = Answer::of(server.client.post(server.url("/api/v1/logout")).header("cookie", &cookie)).await;
    assert!(out.status == 204 && out.header("set-cookie").contains("Max-Age=0"), "{}", out.status);
    Answer::of(server.get("/api/v1/identity").header("cookie", &cookie)).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn the_form_for_signing_in_needs_no_script() {
    let server = TestServer::start_guarded(&EVERYBODY, |_| ()).await;
    let page = Answer::of(server.get("/login?next=/executions").header("accept", "text/html")).await;
    assert!(page.status == 200 && page.text().contains("action=\"/api/sf/log_in\""), "{}", page.text());
    let post = |name: &str, password: &str, next: &str| {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("name", name), ("password", password), ("next", next)])
            .finish();
        server.post("/api/sf/log_in", "application/x-www-form-urlencoded", body).header("accept", "text/html")
    };
    for (next, place) in [("/executions?q=a", "/executions?q=a"), ("//evil.test", "/"), ("/\t/evil.test", "/")] {
        let answer = Answer::of(post("olga", &password("olga"), next)).await;
        assert_eq!((answer.status, answer.header("location")), (303, place));
        assert!(answer.header("set-cookie").starts_with("signalbox_session=sbs_"), "{next}");
    }
    let wrong = Answer::of(post("olga", "not hers", "/")).await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.text().contains("The name or the password is wrong.") && wrong.text().contains("value=\"olga\""));
    assert!(!wrong.text().contains("not hers"), "a password is never on a page");
}

#[tokio::test]
async fn trying_passwords_is_slow() {
    let server = TestServer::start_guarded(&EVERYBODY, |_| ()).await;
    let wrong = json!({"name": "ann", "password": "a guess"});
    for _ in 0..10 {
        server.send_json("/api/v1/login", &wrong).await.problem(401, "login_failed");
    }
    let right = json!({"name": "ann", "password": password("ann")});
    for body in [&wrong, &right] {
        let answer = server.send_json("/api/v1/login", body).await;
        let detail = answer.problem(429, "too_many_attempts");
        assert!(detail.contains("wait") && !answer.header("retry-after").is_empty(), "{detail}");
    }
    let nobody = json!({"name": "nobody", "password": "a guess"});
    let told = server.send_json("/api/v1/login", &nobody).await.problem(401, "login_failed").clone();
    assert_eq!(told, "the name or the password is wrong", "which names there are is not told");
    let counted = refused(&server, &sign_in(&server, "olga").await).await;
    assert_eq!((&counted["login"], &counted["flooding"]), (&json!(11), &json!(2)), "{counted}");
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
async fn a_token_is_told_once_used_and_revoked_and_its_sockets_end() {
    let server = TestServer::start_guarded(&EVERYBODY, |_| ()).await;
    let admin = sign_in(&server, "ann").await;
    let secret = token(&server, &admin, json!({"name": "ci", "role": "viewer", "expires_in_days": 7})).await;
    assert!(secret.starts_with("sbx_") && secret.len() == 47, "{secret}");
    Answer::of(server.get("/api/v1/playbooks").bearer_auth(&secret)).await.expect(200);
    let listed = Answer::of(server.get("/api/v1/tokens").header("cookie", &admin)).await;
    assert!(!listed.text().contains(&secret) && !listed.text().contains("hash"), "{}", listed.text());
    let listed = listed.expect(200);
    assert_eq!((&listed[0]["name"], &listed[0]["owner"]), (&json!("ci"), &json!("user:ann")));
    assert!(listed[0]["used_at"].is_i64() && listed[0]["expires_at"].is_i64(), "{listed}");

    let bearer = format!("Bearer {secret}");
    let mut by_header = socket(&server, &[("authorization", &bearer)]).await.unwrap();
    let mut by_frame = socket(&server, &[]).await.unwrap();
    let told = ask(&mut by_frame, json!({"type": "authenticate", "id": 1, "token": secret})).await;
    assert_eq!(
        (&told["type"], &told["name"], &told["role"]),
        (&json!("authenticated"), &json!("ci"), &json!("viewer"))
    );
    let mut by_cookie = socket(&server, &[("cookie", &admin)]).await.unwrap();
    for socket in [&mut by_header, &mut by_frame, &mut by_cookie] {
        let subscribed = ask(socket, json!({"type": "subscribe", "topics": ["agent_states"]})).await;
        assert_eq!(subscribed["type"], "subscribed");
    }
    let refused = ask(&mut by_frame, json!({"type": "subscribe", "topics": ["events"]})).await;
    assert_eq!((&refused["type"], &refused["code"]), (&json!("error"), &json!("forbidden")));
    let run = json!({"type": "command", "id": 2, "method": "submit", "params": {"path": "tests/echo"}});
    assert_eq!(ask(&mut by_frame, run).await["code"], "forbidden");

    let revoke = server.client.delete(server.url("/api/v1/tokens/ci")).header("cookie", &admin);
    assert_eq!(Answer::of(revoke).await.status, 204);
    for socket in [&mut by_header, &mut by_frame] {
        assert_eq!(next(socket).await, Err(close::UNAUTHENTICATED));
    }
    assert_eq!(ask(&mut by_cookie, json!({"type": "ping"})).await["type"], "pong", "another's stays");
    Answer::of(server.get("/api/v1/playbooks").bearer_auth(&secret)).await.problem(401, "token_unknown");
}

#[tokio::test]
async fn sockets_are_refused_with_the_right_code_and_counted() {
    let server = TestServer::start_guarded(&EVERYBODY, |_| ()).await;
    let admin = sign_in(&server, "ann").await;
    let before = refused(&server, &admin).await;

    let mut hasty = socket(&server, &[]).await.unwrap();
    let told = ask(&mut hasty, json!({"type": "subscribe", "topics": ["agent_states"]})).await;
    assert_eq!((told["code"].as_str(), next(&mut hasty).await), (Some("unauthenticated"), Err(close::UNAUTHENTICATED)));
    let mut wrong = socket(&server, &[]).await.unwrap();
    let told = ask(&mut wrong, json!({"type": "authenticate", "token": "sbx_nobodys"})).await;
    assert_eq!((told["code"].as_str(), next(&mut wrong).await), (Some("token_unknown"), Err(close::UNAUTHENTICATED)));

    let mut malformed = socket(&server, &[("cookie", &admin)]).await.unwrap();
    for _ in 0..11 {
        send(&mut malformed, json!({"type": "dance"})).await;
    }
    let mut flooding = socket(&server, &[("cookie", &admin)]).await.unwrap();
    for _ in 0..400 {
        if flooding.send(Message::text(r#"{"type":"ping"}"#)).await.is_err() {
            break;
        }
    }
    for (socket, code) in [(&mut malformed, close::INVALID), (&mut flooding, close::FLOODING)] {
        let closed = loop {
            match next(socket).await {
                Ok(_) => {}
                Err(closed) => break closed,
            }
        };
        assert_eq!(closed, code);
    }
    // At the upgrade already.
    let foreign = socket(&server, &[("cookie", &admin), ("origin", "http://evil.test")]).await.map(drop);
    assert!(matches!(&foreign, Err(Error::Http(response)) if response.status() == 403), "{foreign:?}");
    let rebound = socket(&server, &[("cookie", &admin), ("host", "evil.test")]).await.map(drop);
    assert!(matches!(&rebound, Err(Error::Http(response)) if response.status() == 403), "{rebound:?}");
    let unknown = socket(&server, &[("authorization", "Bearer sbx_nobodys")]).await.map(drop);
    assert!(matches!(&unknown, Err(Error::Http(response)) if response.status() == 401), "{unknown:?}");

    let after = refused(&server, &admin).await;
    let more = |reason: &str| after[reason].as_u64().unwrap() - before[reason].as_u64().unwrap();
    for (reason, count) in [("unauthenticated", 3), ("malformed", 1), ("flooding", 1), ("origin", 1), ("host", 1)] {
        assert_eq!(more(reason), count, "{reason} in {after}");
    }
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The issuer of [`jwt`].
pub(crate) fn trusted() -> JwtConfig {
    JwtConfig {
        keys: JwtKeys::Secret(SECRET.into()),
        issuer: "https://issuer.test".to_owned(),
        audience: "box".to_owned(),
        role_claim: "role".to_owned(),
        roles: Default::default(),
    }
}

pub(crate) fn jwt(role: &str, subject: &str, lasts_s: i64) -> String {
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let claims =
        json!({"iss": "https://issuer.test", "aud": "box", "sub": subject, "role": role, "exp": now + lasts_s});
    encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

#[tokio::test]
async fn a_jwt_is_refreshed_in_place_and_its_connection_never_outlives_it() {
    let server = TestServer::start_guarded(&[("ann", Role::Admin)], |config| {
        config.access.jwt = Some(trusted());
    })
    .await;
    let get = |token: &str| server.get("/api/v1/identity").bearer_auth(token);
    assert_eq!(Answer::of(get(&jwt("operator", "olga", 60))).await.expect(200)["name"], "olga");
    Answer::of(get(&jwt("operator", "olga", -60))).await.problem(401, "token_expired");
    Answer::of(get(&jwt("nothing", "olga", 60))).await.problem(403, "forbidden");

    // 30 s of leeway: this one ends in three seconds.
    let mut client = socket(&server, &[]).await.unwrap();
    send(&mut client, json!({"type": "authenticate", "token": jwt("admin", "olga", -27)})).await;
    assert_eq!(next(&mut client).await.unwrap()["role"], "admin");
    let subscribed = ask(&mut client, json!({"type": "subscribe", "topics": ["events", "system_alerts"]})).await;
    assert_eq!(subscribed["type"], "subscribed");
    let fresh = ask(&mut client, json!({"type": "authenticate", "id": "r", "token": jwt("viewer", "olga", -26)})).await;
    assert_eq!((&fresh["type"], &fresh["id"]), (&json!("authenticated"), &json!("r")));
    assert_eq!(next(&mut client).await.unwrap(), json!({"type": "unsubscribed", "topics": ["events"]}));
    let other = ask(&mut client, json!({"type": "authenticate", "token": jwt("viewer", "eve", 60)})).await;
    assert_eq!(other["code"], "identity_changed");
    assert_eq!(next(&mut client).await, Err(close::UNAUTHENTICATED), "by itself, when its time has come");

    let counted = refused(&server, &sign_in(&server, "ann").await).await;
    assert_eq!(counted["expired"], 2, "{counted}");
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
async fn behind_a_proxy_cookies_are_secure_and_it_is_told_who_asks() {
    let proxies = Proxies::parse(&["127.0.0.1".to_owned()]).unwrap();
    let server = TestServer::start_guarded(&EVERYBODY, |config| config.access.proxy = proxies).await;
    let log_in = |address: &str, name: &str, password: &str| {
        let body = json!({"name": name, "password": password});
        let request = with_body(server.client.post(server.url("/api/v1/login")), &body);
        Answer::of(request.header("x-forwarded-for", address).header("x-forwarded-proto", "https"))
    };
    let answer = log_in("192.0.2.1", "ann", &password("ann")).await;
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-signalbox_session=") && cookie.ends_with("; Secure"), "{cookie}");
    let pair = cookie.split(';').next().unwrap().to_owned();
    Answer::of(server.get("/api/v1/identity").header("cookie", pair)).await.expect(200);
    // Tries are counted by who asks, not by the proxy.
    for number in 0..30 {
        log_in("192.0.2.9", &format!("user{number}"), "a guess").await.problem(401, "login_failed");
    }
    log_in("192.0.2.9", "olga", &password("olga")).await.problem(429, "too_many_attempts");
    log_in("192.0.2.10", "olga", &password("olga")).await.expect(200);
}

#[tokio::test]
async fn at_this_machine_nobody_is_asked_unless_it_is_required() {
    let server = TestServer::start().await;
    let add = json!({"name": "ann", "role": "admin", "password": "long enough"});
    server.send_json("/api/v1/users", &add).await.expect(201);
    server.send_json("/api/v1/users", &add).await.problem(409, "user_exists");
    for (field, value) in [("name", json!("a b")), ("password", json!("short")), ("role", json!("component"))] {
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
