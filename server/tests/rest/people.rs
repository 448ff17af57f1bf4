//! People and programs of a guarded server, and what proves who they are.

use crate::support::{Answer, TestServer, password};
use jsonwebtoken::{EncodingKey, Header, encode};
use protocol::Role;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use server::config::{JwtConfig, JwtKeys};
use std::time::{SystemTime, UNIX_EPOCH};

/// Who may sign in.
pub(crate) const EVERYBODY: [(&str, Role); 3] =
    [("ann", Role::Admin), ("olga", Role::Operator), ("vera", Role::Viewer)];

/// Signs in; the cookie as it is sent back.
pub(crate) async fn sign_in(server: &TestServer, name: &str) -> String {
    let body = json!({"name": name, "password": password(name)});
    let answer = server.send_json("/api/v1/login", &body).await;
    let cookie = answer.header("set-cookie").to_owned();
    answer.expect(200);
    assert!(cookie.contains("; HttpOnly; SameSite=Lax") && !cookie.contains("Secure"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

pub(crate) fn with_body(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request.header("content-type", "application/json").body(body.to_string())
}

/// A token of a role, made by the admin.
pub(crate) async fn token(server: &TestServer, admin: &str, request: Value) -> String {
    let make = with_body(server.client.post(server.url("/api/v1/tokens")), &request).header("cookie", admin);
    Answer::of(make).await.expect(201)["token"].as_str().unwrap().to_owned()
}

/// What was refused so far, by reason.
pub(crate) async fn refused(server: &TestServer, admin: &str) -> Value {
    let health = server.get("/api/v1/health").header("cookie", admin);
    Answer::of(health).await.expect(200)["refused"].clone()
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
