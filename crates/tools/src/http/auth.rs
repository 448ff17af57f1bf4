//! Credentials as headers. No message repeats a value.

use crate::{credentials::kind_of, fields::bad_config};
use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::{Task, TaskError};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// Adds what the task's credentials say; a header that the step wrote itself gives way.
///
/// # Errors
/// `bad_config` naming the credential and the field.
pub(super) fn add(task: &Task, headers: &mut HeaderMap) -> Result<(), TaskError> {
    for (alias, credential) in &task.credentials.0 {
        let (name, value) =
            header(credential).map_err(|what| bad_config(format!("http: credential `{alias}` {what}")))?;
        headers.insert(name, value);
    }
    Ok(())
}

fn header(credential: &Value) -> Result<(HeaderName, HeaderValue), String> {
    let has = |name: &str| credential.get(name).is_some_and(|value| !value.is_null());
    let kind = match kind_of(credential) {
        Some(kind) => kind,
        None if has("token") => "bearer",
        None if has("username") => "basic",
        None if has("name") && has("value") => "header",
        None => return Err("is of no type an http step can use: bearer, basic, header or api_key".to_owned()),
    };
    match kind {
        "bearer" | "token" => {
            let token = text(credential, &["token", "access_token", "value"])?;
            Ok((AUTHORIZATION, secret(&format!("Bearer {token}"))?))
        }
        "basic" => {
            let user = text(credential, &["username", "user"])?;
            if user.contains(':') {
                return Err("has a `username` with a colon in it, which basic authentication cannot carry".to_owned());
            }
            let password = text(credential, &["password"])?;
            Ok((AUTHORIZATION, secret(&format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))?))
        }
        "header" => named(text(credential, &["name", "header"])?, text(credential, &["value", "token"])?),
        "api_key" => {
            let name = text(credential, &["header", "name"]).unwrap_or("X-API-Key");
            named(name, text(credential, &["value", "key", "api_key", "token"])?)
        }
        other => Err(format!("is of type {other}, which an http step cannot use: bearer, basic, header or api_key")),
    }
}

fn named(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let name =
        HeaderName::from_bytes(name.as_bytes()).map_err(|_| "has a header name that HTTP does not allow".to_owned())?;
    Ok((name, secret(value)?))
}

fn text<'a>(credential: &'a Value, names: &[&str]) -> Result<&'a str, String> {
    names
        .iter()
        .find_map(|name| credential.get(*name).and_then(Value::as_str))
        .ok_or_else(|| format!("has no `{}`, as text", names[0]))
}

fn secret(text: &str) -> Result<HeaderValue, String> {
    let mut value =
        HeaderValue::from_str(text).map_err(|_| "has a value with characters HTTP does not allow".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn credentials_become_headers() {
        for (credential, expect) in [
            (json!({"type": "bearer", "token": "t"}), Ok(("authorization", "Bearer t"))),
            (json!({"token": "t"}), Ok(("authorization", "Bearer t"))),
            (json!({"type": "generic", "username": "u", "password": "p"}), Ok(("authorization", "Basic dTpw"))),
            (json!({"type": "basic", "username": "u", "password": "p:q"}), Ok(("authorization", "Basic dTpwOnE="))),
            (json!({"type": "header", "name": "X-Key", "value": "v"}), Ok(("x-key", "v"))),
            (json!({"type": "api_key", "value": "v"}), Ok(("x-api-key", "v"))),
            (json!({"type": "api_key", "header": "Key", "key": "v"}), Ok(("key", "v"))),
            (json!({"type": "bearer"}), Err("has no `token`, as text")),
            (json!({"type": "bearer", "token": 5}), Err("has no `token`, as text")),
            (json!({"type": "bearer", "token": "hunter2\r\n"}), Err("characters HTTP does not allow")),
            (json!({"type": "basic", "username": "hunter2:", "password": "p"}), Err("with a colon")),
            (json!({"type": "header", "name": "a b", "value": "hunter2"}), Err("header name that HTTP does not allow")),
            (json!({"type": "postgres", "password": "hunter2"}), Err("is of type postgres, which an http step")),
            (json!({"secret": "hunter2"}), Err("is of no type")),
            (json!("hunter2"), Err("is of no type")),
        ] {
            match (header(&credential), expect) {
                (Ok((name, value)), Ok(expect)) => {
                    assert_eq!((name.as_str(), value.to_str().expect("text")), expect, "{credential}");
                    assert!(value.is_sensitive());
                }
                (Err(message), Err(part)) => {
                    assert!(message.contains(part) && !message.contains("hunter2"), "{message}: {part}");
                }
                (found, _) => panic!("{credential}: {found:?}"),
            }
        }
    }
}
