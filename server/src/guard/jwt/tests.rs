use super::*;
use crate::config::JwtKeys;
use axum::{Json, Router, routing::get};
use futures::FutureExt;
use jsonwebtoken::{EncodingKey, Header, encode};
use secrecy::SecretString;
use serde_json::json;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn config(keys: JwtKeys) -> JwtConfig {
    JwtConfig {
        keys,
        issuer: "https://issuer.test".to_owned(),
        audience: "signalbox".to_owned(),
        role_claim: "role".to_owned(),
        roles: Default::default(),
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn claims() -> Value {
    json!({"iss": "https://issuer.test", "aud": "signalbox", "sub": "ann", "exp": now_s() + 60, "role": "operator"})
}

fn with(field: &str, value: Value) -> Value {
    let mut claims = claims();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(field)),
        value => claims[field] = value,
    }
    claims
}

fn signed(claims: &Value, secret: &str, algorithm: Algorithm) -> String {
    encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

#[tokio::test]
async fn a_token_counts_by_its_claims() {
    let jwt = Jwt::new(config(JwtKeys::Secret(SecretString::from(SECRET))), EgressPolicy::default());
    let who = jwt.verify(&signed(&claims(), SECRET, Algorithm::HS256)).await.unwrap();
    assert_eq!((who.subject.as_str(), who.name.as_str()), ("jwt:https://issuer.test ann", "ann"));
    assert_eq!((who.role, who.credential), (Role::Operator, CredentialId::Jwt));
    assert!(who.expires_at.unwrap().0 >= i64::try_from((now_s() + 60) * 1_000).unwrap());
    for (claims, code) in [
        (with("exp", json!(now_s() - 29)), None),
        (with("exp", json!(now_s() - 60)), Some("token_expired")),
        (with("exp", Value::Null), Some("jwt_invalid")),
        (with("exp", json!("soon")), Some("jwt_invalid")),
        (with("exp", json!(-1)), Some("jwt_invalid")),
        (with("exp", json!(now_s() as f64 + 60.5)), None),
        (with("exp", json!(now_s() as f64 - 60.5)), Some("token_expired")),
        (with("exp", json!(1e18)), None),
        (with("iat", json!(now_s() as f64 - 0.25)), None),
        (with("nbf", json!(now_s() as f64 + 20.5)), None),
        (with("nbf", json!(now_s() as f64 + 90.5)), Some("jwt_invalid")),
        (with("nbf", json!(now_s() + 20)), None),
        (with("nbf", json!(now_s() + 90)), Some("jwt_invalid")),
        (with("iss", json!("https://evil.test")), Some("jwt_invalid")),
        (with("iss", Value::Null), Some("jwt_invalid")),
        (with("aud", json!("another")), Some("jwt_invalid")),
        (with("aud", json!(["another", "signalbox"])), None),
        (with("aud", Value::Null), Some("jwt_invalid")),
        (with("sub", Value::Null), Some("jwt_invalid")),
        (with("sub", json!("a\nb")), Some("jwt_invalid")),
        (with("role", json!(["nobody", "viewer", "admin"])), None),
        (with("role", json!("root")), Some("forbidden")),
        (with("role", Value::Null), Some("forbidden")),
    ] {
        let verified = jwt.verify(&signed(&claims, SECRET, Algorithm::HS256)).await;
        assert_eq!(verified.err().map(|problem| problem.code).as_deref(), code, "{claims}");
    }
}

#[tokio::test]
async fn a_token_counts_by_its_signature() {
    let jwt = Jwt::new(config(JwtKeys::Secret(SecretString::from(SECRET))), EgressPolicy::default());
    let good = signed(&claims(), SECRET, Algorithm::HS256);
    let (head, body, signature) = {
        let mut parts = good.split('.');
        (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap())
    };
    // {"alg":"none","typ":"JWT"}
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    for wrong in [
        signed(&claims(), "another secret, as long as the first", Algorithm::HS256),
        signed(&claims(), SECRET, Algorithm::HS512),
        format!("{head}.{body}."),
        format!("{none}.{body}."),
        format!("{none}.{body}.{signature}"),
        format!("{head}.{body}x.{signature}"),
        "..".to_owned(),
        format!("{head}.{}.{signature}", "x".repeat(BYTES)),
    ] {
        assert_eq!(jwt.verify(&wrong).await.unwrap_err().code, "jwt_invalid", "{wrong:.60}");
    }
}

#[tokio::test]
async fn where_words_are_mapped_only_those_count() {
    let mut config = config(JwtKeys::Secret(SecretString::from(SECRET)));
    (config.role_claim, config.roles) = ("groups".to_owned(), [("sre".to_owned(), Role::Admin)].into());
    let jwt = Jwt::new(config, EgressPolicy::default());
    for (groups, expect) in [(json!(["staff", "sre"]), Some(Role::Admin)), (json!(["admin"]), None)] {
        let verified = jwt.verify(&signed(&with("groups", groups), SECRET, Algorithm::HS256)).await;
        assert_eq!(verified.ok().map(|who| who.role), expect);
    }
}

/// The public halves of the Ed25519 keys made of 32 times the byte 1, and 2.
const PUBLIC: [&str; 2] =
    ["iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w", "gTl3Dqh9F19Wo1Rmw0x-zMuNipG07jeiXfYPW4_Js5Q"];

/// PKCS #8 around a seed.
fn signing(number: u8) -> EncodingKey {
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    EncodingKey::from_ed_der(&[&head[..], &[number; 32]].concat())
}

fn jwk(number: usize) -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "kid": format!("k{number}"), "use": "sig", "alg": "EdDSA",
        "x": PUBLIC[number - 1]})
}

fn issued(number: u8) -> String {
    let header = Header { kid: Some(format!("k{number}")), ..Header::new(Algorithm::EdDSA) };
    encode(&header, &claims(), &signing(number)).unwrap()
}

/// An issuer whose keys can be changed, and how often they were fetched.
async fn issuer() -> (reqwest::Url, Arc<Mutex<Vec<Value>>>, Arc<AtomicU32>) {
    let Issuer { url, keys, fetched, .. } = slow_issuer().await;
    (url, keys, fetched)
}

/// One that answers as long as it has leave to.
struct Issuer {
    url: reqwest::Url,
    keys: Arc<Mutex<Vec<Value>>>,
    fetched: Arc<AtomicU32>,
    leave: Arc<tokio::sync::RwLock<()>>,
}

async fn slow_issuer() -> Issuer {
    let (keys, fetched) = (Arc::new(Mutex::new(vec![jwk(1)])), Arc::new(AtomicU32::new(0)));
    let leave = Arc::new(tokio::sync::RwLock::new(()));
    let (served, count, needed) = (keys.clone(), fetched.clone(), leave.clone());
    let router = Router::new().route(
        "/keys",
        get(async move || {
            count.fetch_add(1, Ordering::Relaxed);
            drop(needed.read().await);
            Json(json!({"keys": *served.lock().unwrap()}))
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Issuer { url, keys, fetched, leave }
}

fn believing(url: reqwest::Url) -> Arc<Jwt> {
    let egress = EgressPolicy { allow: vec!["127.0.0.1".parse().unwrap()], ..EgressPolicy::default() };
    Arc::new(Jwt::new(config(JwtKeys::Url(url)), egress))
}

/// Until the issuer was asked so many times.
async fn asked(fetched: &AtomicU32, times: u32) {
    while fetched.load(Ordering::Relaxed) < times {
        tokio::task::yield_now().await;
    }
}

async fn later(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn keys_are_kept_and_follow_their_issuer() {
    let (url, keys, fetched) = issuer().await;
    let jwt = believing(url);
    for _ in 0..3 {
        assert_eq!(jwt.verify(&issued(1)).await.unwrap().name, "ann");
    }
    assert_eq!(fetched.load(Ordering::Relaxed), 1, "kept");
    // The public key is no secret to sign with, whatever the header says.
    let forged = signed(&claims(), PUBLIC[0], Algorithm::HS256);
    assert_eq!(jwt.verify(&forged).await.unwrap_err().code, "jwt_invalid");

    keys.lock().unwrap().push(jwk(2));
    assert_eq!(jwt.verify(&issued(2)).await.unwrap_err().code, "jwt_invalid", "fetched a moment ago");
    later(11).await;
    assert_eq!(jwt.verify(&issued(2)).await.unwrap().name, "ann", "a new key is found");
    for _ in 0..5 {
        assert!(
            jwt.verify(
                &encode(&Header { kid: Some("k9".into()), ..Header::new(Algorithm::EdDSA) }, &claims(), &signing(2))
                    .unwrap()
            )
            .await
            .is_err()
        );
    }
    assert_eq!(fetched.load(Ordering::Relaxed), 2, "unknown keys do not make it fetch without end");

    keys.lock().unwrap().remove(0);
    assert!(jwt.verify(&issued(1)).await.is_ok(), "not looked yet");
    later(601).await;
    assert_eq!(jwt.verify(&issued(1)).await.unwrap_err().code, "jwt_invalid", "taken back");
}

#[tokio::test]
async fn keys_that_cannot_be_had_are_a_matter_of_time_and_the_egress_guard_stands() {
    let (url, _, fetched) = issuer().await;
    let jwt = Jwt::new(config(JwtKeys::Url(url)), EgressPolicy::default());
    let problem = jwt.verify(&issued(1)).await.unwrap_err();
    assert_eq!((problem.code.as_str(), problem.temporary), ("jwt_keys_unavailable", true));
    assert_eq!(fetched.load(Ordering::Relaxed), 0, "loopback is not on the allow-list");
}

#[tokio::test]
async fn whose_key_is_kept_does_not_wait_for_a_slow_issuer() {
    let Issuer { url, keys, fetched, leave } = slow_issuer().await;
    let jwt = believing(url);
    assert!(jwt.verify(&issued(1)).await.is_ok());
    let held = leave.write().await;
    keys.lock().unwrap().push(jwk(2));
    later(11).await;
    let verifying = |number: u8| {
        let jwt = jwt.clone();
        tokio::spawn(async move { jwt.verify(&issued(number)).await.map(|who| who.name) })
    };
    let (first, second) = (verifying(2), verifying(2));
    asked(&fetched, 2).await;
    let at_once = || jwt.verify(&issued(1)).now_or_never().expect("nobody is waited for").unwrap().name;
    assert_eq!(at_once(), "ann", "while the issuer does not answer");
    // Who asks first goes away; the next who need the key have it all the same.
    first.abort();
    assert!(!second.is_finished());
    drop(held);
    assert_eq!(second.await.unwrap().unwrap(), "ann");
    assert_eq!(fetched.load(Ordering::Relaxed), 2, "one at a time, for all that wait");

    let held = leave.write().await;
    later(601).await;
    let renewing = verifying(1);
    asked(&fetched, 3).await;
    assert_eq!(at_once(), "ann", "an old set counts while it is fetched again");
    drop(held);
    assert_eq!(renewing.await.unwrap().unwrap(), "ann");
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_given_up() {
    let Issuer { url, fetched, leave, .. } = slow_issuer().await;
    let jwt = believing(url);
    let _held = leave.write().await;
    let verifying = tokio::spawn({
        let jwt = jwt.clone();
        async move { jwt.verify(&issued(1)).await }
    });
    asked(&fetched, 1).await;
    later(6).await;
    let problem = verifying.await.unwrap().unwrap_err();
    assert_eq!((problem.code.as_str(), problem.retry_after_s), ("jwt_keys_unavailable", Some(10)));
    assert_eq!(jwt.verify(&issued(1)).await.unwrap_err().code, "jwt_keys_unavailable", "at once: it was just tried");
    assert_eq!(fetched.load(Ordering::Relaxed), 1);
}
