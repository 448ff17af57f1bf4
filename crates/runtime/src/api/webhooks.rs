//! Webhooks: playbooks that start when somebody posts to their URL.

use super::{Api, from_store};
use crate::catalog::Entry;
use hmac::{Hmac, Mac};
use protocol::{
    Problem,
    api::{SubmitRequest, Submitted},
};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

/// A request to a webhook's URL.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub name: String,
    pub method: String,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
    pub query: BTreeMap<String, String>,
    pub body: Vec<u8>,
    /// Whether it comes from this machine, and not from a page of another site.
    pub is_ours: bool,
}

/// Headers that sign: `sha256=` and the HMAC-SHA256 of the body, in hex.
const SIGNATURES: [&str; 2] = ["x-signalbox-signature", "x-hub-signature-256"];
/// Headers that name a delivery: the same again starts nothing.
const DELIVERIES: [&str; 4] = ["idempotency-key", "x-github-delivery", "x-delivery-id", "webhook-id"];
/// Headers no playbook sees: they are secrets.
const HIDDEN: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];
/// Fields of a credential that may be the secret, the first that is there.
const SECRETS: [&str; 4] = ["secret", "token", "value", "password"];

/// Which playbook has which webhook, as far as it was asked.
#[derive(Default)]
pub(crate) struct Hooks(Mutex<HashMap<String, String>>);

impl Api {
    /// Starts the playbook that has this webhook. The same delivery again is answered with the same execution.
    ///
    /// # Errors
    /// 404 when no playbook has it; 401 `signature_invalid`; 403 `webhook_unsigned` for a webhook without a secret
    /// from elsewhere; 415, 400 for a body that cannot be read; else as [`Api::submit`].
    pub async fn deliver(&self, delivery: Delivery) -> Result<Submitted, Problem> {
        let entry = self.webhook(&delivery.name).await?;
        let secret = entry.playbook.webhook().and_then(|webhook| webhook.secret.as_deref());
        match secret {
            Some(secret) => self.check_signature(secret, &delivery).await?,
            None if delivery.is_ours => {}
            None => {
                let detail = format!(
                    "webhook `{}` has no `secret`, so it takes requests from this machine's own programs only; name \
                     a credential that signs them",
                    delivery.name
                );
                return Err(Problem::new(403, "webhook_unsigned", "Not signed", detail));
            }
        }
        let key = DELIVERIES.iter().find_map(|header| delivery.headers.get(*header)).map(|id| {
            let id: String = id.chars().take(256).collect();
            format!("webhook:{}:{id}", delivery.name)
        });
        if let Some(key) = &key
            && let Some(earlier) = self.shared.store.submission(key).await.map_err(from_store)?
        {
            return Ok(Submitted { execution_id: earlier, created: false });
        }
        let name = delivery.name.clone();
        let input = entry.playbook.webhook_input(request(delivery)?).map_err(|error| {
            Problem::new(422, &error.code, "Input cannot be made", format!("webhook `{name}`: {error}"))
        })?;
        let request = SubmitRequest {
            input: Some((*input).clone()),
            idempotency_key: key,
            ..SubmitRequest::new(entry.row.path.clone(), Some(entry.row.version))
        };
        self.start(request, Some(format!("webhook:{name}"))).await
    }

    /// No two playbooks answer at one URL.
    ///
    /// # Errors
    /// 409 `webhook_taken`.
    pub(super) async fn check_webhook(&self, playbook: &engine::Playbook) -> Result<(), Problem> {
        let Some(webhook) = playbook.webhook() else { return Ok(()) };
        match self.webhook(&webhook.name).await {
            Ok(entry) if entry.row.path != playbook.path() => {
                let (name, path) = (&webhook.name, &entry.row.path);
                let detail = format!("playbook `{path}` has a webhook `{name}` already; choose another name");
                Err(Problem::new(409, "webhook_taken", "Webhook taken", detail))
            }
            Err(problem) if problem.status != 404 => Err(problem),
            _ => Ok(()),
        }
    }

    async fn webhook(&self, name: &str) -> Result<Arc<Entry>, Problem> {
        let has_it = |entry: &Entry| entry.playbook.webhook().is_some_and(|webhook| webhook.name == name);
        let known = self.shared.hooks.known(name);
        if let Some(path) = known
            && let Ok(entry) = self.shared.catalog.entry(&path, None).await
            && has_it(&entry)
        {
            return Ok(entry);
        }
        for (row, _) in self.shared.store.playbooks().await.map_err(from_store)? {
            if !row.source.contains("webhook") {
                continue;
            }
            match self.shared.catalog.entry(&row.path, Some(row.version)).await {
                Ok(entry) if has_it(&entry) => {
                    self.shared.hooks.learn(name, &row.path);
                    return Ok(entry);
                }
                Err(problem) if problem.temporary => return Err(problem),
                _ => {}
            }
        }
        Err(Problem::not_found("webhook", name, "a playbook has it that says `webhook: {name: …}`"))
    }

    async fn check_signature(&self, secret: &str, delivery: &Delivery) -> Result<(), Problem> {
        let value = self.shared.vault.credential(&self.shared.store, secret).await.map_err(|error| {
            tracing::error!(webhook = delivery.name, %error, "its requests cannot be checked");
            let detail = format!("webhook `{}` cannot check signatures now; the server's log says why", delivery.name);
            Problem::new(503, "webhook_secret", "Secret not usable", detail).temporary()
        })?;
        let Some(secret) = SECRETS.iter().find_map(|field| value.get(field)?.as_str()) else {
            tracing::error!(webhook = delivery.name, credential = secret, "the credential has none of {SECRETS:?}");
            let detail = format!("webhook `{}` cannot check signatures: its credential has no secret", delivery.name);
            return Err(Problem::new(503, "webhook_secret", "Secret not usable", detail).temporary());
        };
        let given = SIGNATURES.iter().find_map(|header| delivery.headers.get(*header));
        if given.is_some_and(|given| is_signed(secret, &delivery.body, given)) {
            return Ok(());
        }
        let detail = format!(
            "webhook `{}` takes signed requests only: `{}: sha256=` with the HMAC-SHA256 of the body, in hex",
            delivery.name, SIGNATURES[0]
        );
        Err(Problem::new(401, "signature_invalid", "Signature invalid", detail))
    }
}

impl Hooks {
    fn known(&self, name: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn learn(&self, name: &str, path: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), path.to_owned());
    }
}

/// Compared in constant time.
fn is_signed(secret: &str, body: &[u8], given: &str) -> bool {
    let Some(given) = given.trim().strip_prefix("sha256=").and_then(unhex) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

/// What the webhook's `input` sees.
fn request(delivery: Delivery) -> Result<Value, Problem> {
    let Delivery { method, headers, query, body, .. } = delivery;
    let media_type = headers.get("content-type").map(String::as_str).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let body = match media_type.as_str() {
        _ if body.is_empty() => Value::Null,
        "application/json" => serde_json::from_slice(&body)
            .map_err(|error| Problem::bad_request("json_syntax", format!("the body is not JSON: {error}")))?,
        other if other.ends_with("+json") => serde_json::from_slice(&body)
            .map_err(|error| Problem::bad_request("json_syntax", format!("the body is not JSON: {error}")))?,
        "application/x-www-form-urlencoded" => form(&body),
        _ => {
            let detail = "a webhook's body is `application/json` or `application/x-www-form-urlencoded`";
            return Err(Problem::new(415, "unsupported_media_type", "Unsupported media type", detail));
        }
    };
    let headers: BTreeMap<_, _> = headers.into_iter().filter(|(name, _)| !HIDDEN.contains(&name.as_str())).collect();
    Ok(json!({ "body": body, "headers": headers, "query": query, "method": method }))
}

/// Of a field that is there several times, a list.
fn form(body: &[u8]) -> Value {
    let mut map = Map::new();
    for (name, value) in form_urlencoded::parse(body) {
        let value = Value::String(value.into_owned());
        match map.get_mut(name.as_ref()) {
            None => {
                map.insert(name.into_owned(), value);
            }
            Some(Value::Array(list)) => list.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }
    Value::Object(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_of_this_body_with_this_secret() {
        // RFC 4231, test case 2.
        let mac = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let body = b"what do ya want for nothing?";
        assert!(is_signed("Jefe", body, mac));
        for (secret, body, given) in [
            ("jefe", &body[..], mac),
            ("Jefe", &body[1..], mac),
            ("Jefe", &body[..], &mac[7..]),
            ("Jefe", &body[..], &mac[..70]),
            ("Jefe", &body[..], "sha256="),
            ("Jefe", &body[..], "sha256=ö"),
        ] {
            assert!(!is_signed(secret, body, given), "{given}");
        }
    }

    #[test]
    fn bodies_are_json_or_forms() {
        let check = |media_type: &str, body: &str| {
            let headers = [("content-type", media_type), ("cookie", "secret")];
            let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let (method, name) = ("POST".to_owned(), "x".to_owned());
            let delivery = Delivery { name, method, headers, query: BTreeMap::new(), body: body.into(), is_ours: true };
            request(delivery).map(|request| request["body"].clone()).map_err(|problem| problem.code)
        };
        assert_eq!(check("application/json; charset=utf-8", "{\"a\": 1}"), Ok(json!({"a": 1})));
        assert_eq!(check("application/cloudevents+json", "[1]"), Ok(json!([1])));
        let form = "application/x-www-form-urlencoded";
        assert_eq!(check(form, "a=1&b=x+y&a=2"), Ok(json!({"a": ["1", "2"], "b": "x y"})));
        assert_eq!(check("text/plain", ""), Ok(Value::Null));
        assert_eq!(check("text/plain", "x"), Err("unsupported_media_type".into()));
        assert_eq!(check("application/json", "{"), Err("json_syntax".into()));
    }
}
