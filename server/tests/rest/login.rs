//! `/api/v1/login`, `/api/v1/logout`, and the form for signing in.

use super::people::{EVERYBODY, refused, sign_in, with_body};
use crate::support::{Answer, TestServer, password};
use serde_json::json;
use server::config::Proxies;

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
        let wait_s: u64 = answer.header("retry-after").parse().unwrap();
        assert!(wait_s > 1 && detail.contains(&format!("wait {wait_s} s")), "{wait_s}: {detail}");
        assert_eq!(answer.json()["retry_after_s"], wait_s);
    }
    let nobody = json!({"name": "nobody", "password": "a guess"});
    let told = server.send_json("/api/v1/login", &nobody).await.problem(401, "login_failed").clone();
    assert_eq!(told, "the name or the password is wrong", "which names there are is not told");
    let counted = refused(&server, &sign_in(&server, "olga").await).await;
    assert_eq!((&counted["login"], &counted["flooding"]), (&json!(11), &json!(2)), "{counted}");
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
    let with = |pair: &str| server.get("/api/v1/identity").header("cookie", pair.to_owned());
    let through = |pair: &str| with(pair).header("x-forwarded-for", "192.0.2.1").header("x-forwarded-proto", "https");
    Answer::of(through(&pair)).await.expect(200);
    // Another host of the domain can plant the plain cookie, so behind TLS it is nobody's.
    let plain = sign_in(&server, "vera").await;
    Answer::of(with(&plain)).await.expect(200);
    Answer::of(through(&plain)).await.problem(401, "unauthenticated");
    Answer::of(through(&format!("{plain}; {pair}"))).await.expect(200);
    // Tries are counted by who asks, not by the proxy.
    for number in 0..30 {
        log_in("192.0.2.9", &format!("user{number}"), "a guess").await.problem(401, "login_failed");
    }
    log_in("192.0.2.9", "olga", &password("olga")).await.problem(429, "too_many_attempts");
    log_in("192.0.2.10", "olga", &password("olga")).await.expect(200);
}
