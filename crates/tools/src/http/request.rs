//! What an http step asks for, read from its fields.

use super::auth;
use crate::fields::{Fields, bad_config, kind};
use protocol::{Task, TaskError, TaskPart};
use reqwest::{
    Method,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Map, Value};
use std::time::Duration;
use url::{Url, form_urlencoded};

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
    /// The step's own `timeout`.
    pub(super) time: Option<Duration>,
}

impl Request {
    /// What a step's fields ask for, or a save's: that one sends its data.
    ///
    /// # Errors
    /// `bad_config`, naming the field.
    pub(super) fn of(task: &Task) -> Result<Self, TaskError> {
        let is_save = task.key.part == TaskPart::Save || task.config.get("save").is_some_and(Value::is_object);
        let mut request =
            if is_save { Self::saving(&task.config, &task.input)? } else { Self::asking(&task.config, Method::GET)? };
        auth::add(task, &mut request.headers)?;
        Ok(request)
    }

    fn saving(config: &Value, data: &Value) -> Result<Self, TaskError> {
        let inner = config.get("save").and_then(Value::as_object);
        let mut fields = config.as_object().cloned().unwrap_or_default();
        fields.remove("save");
        fields.extend(inner.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
        // These choose what is saved, and that is rendered already.
        for name in ["data", "args", "payload", "body"] {
            fields.remove(name);
        }
        fields.insert("payload".to_owned(), data.clone());
        Self::asking(&Value::Object(fields), Method::POST)
    }

    fn asking(config: &Value, unless_told: Method) -> Result<Self, TaskError> {
        let fields = Fields::of("http", config)?;
        let method = method(&fields)?.unwrap_or(unless_told);
        let mut url = target(&fields)?;
        let mut headers = headers(&fields)?;
        let (query, body) = query_and_body(&fields, &method)?;
        if let Some(params) = fields.map(&["params"])? {
            add_query(&mut url, "params", params)?;
        }
        if let Some(query) = query {
            add_query(&mut url, "data", query)?;
        }
        let body = body.map(|body| encoded(body, &mut headers)).transpose()?;
        let time = fields.positive(&["timeout"])?.map(|seconds| Duration::from_secs_f64(seconds.min(1e9)));
        Ok(Self { method, url, headers, body, time })
    }

    /// As errors name it: `GET http://host/path`, without the query, which may hold a key.
    pub(super) fn what(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        format!("{} {url}", self.method)
    }
}

fn method(fields: &Fields) -> Result<Option<Method>, TaskError> {
    let Some(text) = fields.text(&["method"])? else { return Ok(None) };
    let upper = text.trim().to_ascii_uppercase();
    if !METHODS.contains(&upper.as_str()) {
        let expected = format!("one of {}", METHODS.join(", "));
        return Err(fields.wrong("method", &expected, &Value::String(text.to_owned())));
    }
    Ok(Some(Method::from_bytes(upper.as_bytes()).expect("every listed method is one")))
}

fn target(fields: &Fields) -> Result<Url, TaskError> {
    let names = ["endpoint", "url"];
    let Some(text) = fields.text(&names)? else { return Err(fields.missing("endpoint", "an http or https URL")) };
    let url = Url::parse(text.trim())
        .map_err(|error| bad_config(format!("http: `endpoint` must be an http or https URL, not `{text}`: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(fields.wrong("endpoint", "an http or https URL", &Value::String(text.to_owned())));
    }
    Ok(url)
}

fn headers(fields: &Fields) -> Result<HeaderMap, TaskError> {
    let mut headers = HeaderMap::new();
    for (name, value) in fields.map(&["headers"])?.into_iter().flatten() {
        let wrong = |what: &str| bad_config(format!("http: header `{name}` {what}"));
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("has a name that HTTP does not allow"))?;
        if ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"]
            .contains(&key.as_str())
        {
            return Err(wrong("cannot be set: it follows from the URL and the body"));
        }
        let Some(text) = scalar(value) else {
            if value.is_null() {
                continue;
            }
            return Err(wrong(&format!("must be text, not {}", kind(value))));
        };
        let text =
            HeaderValue::from_str(&text).map_err(|_| wrong("has a value with characters HTTP does not allow"))?;
        headers.append(key, text);
    }
    Ok(headers)
}

type QueryAndBody<'a> = (Option<&'a Map<String, Value>>, Option<&'a Value>);

/// Sorts `payload` and `data` into the query and the body.
fn query_and_body<'a>(fields: &Fields<'a>, method: &Method) -> Result<QueryAndBody<'a>, TaskError> {
    let bodiless = matches!(*method, Method::GET | Method::HEAD | Method::DELETE);
    let payload = fields.any(&["payload", "body"]).map(|(_, value)| value).filter(|value| !is_empty(value));
    let Some((_, data)) = fields.any(&["data"]) else {
        return Ok((None, payload));
    };
    match data {
        Value::Object(map) if map.contains_key("query") || map.contains_key("body") => {
            let query = match map.get("query") {
                None | Some(Value::Null) => None,
                Some(Value::Object(query)) => Some(query),
                Some(other) => return Err(fields.wrong("data.query", "a map", other)),
            };
            Ok((query, map.get("body").filter(|body| !body.is_null()).or(payload)))
        }
        Value::Object(map) if bodiless => Ok((Some(map), payload)),
        _ if bodiless => Err(fields.wrong("data", "a map (it is the query of this method)", data)),
        _ if is_empty(data) => Ok((None, payload)),
        _ => Ok((None, payload.or(Some(data)))),
    }
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Null) || value.as_object().is_some_and(Map::is_empty)
}

fn add_query(url: &mut Url, field: &str, params: &Map<String, Value>) -> Result<(), TaskError> {
    if params.is_empty() {
        return Ok(());
    }
    let mut pairs = url.query_pairs_mut();
    for (name, value) in params {
        for text in texts(value).ok_or_else(|| not_flat(field, name, value))? {
            pairs.append_pair(name, &text);
        }
    }
    Ok(())
}

/// A list is the same name several times; nothing is no pair at all.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(items) => items.iter().map(scalar).collect(),
        other => scalar(other).map(|text| vec![text]),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}

fn not_flat(field: &str, name: &str, value: &Value) -> TaskError {
    bad_config(format!(
        "http: `{field}.{name}` must be text, a number, a boolean or a list of these, not {}",
        kind(value)
    ))
}

fn encoded(body: &Value, headers: &mut HeaderMap) -> Result<Vec<u8>, TaskError> {
    let content_type =
        headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    match body {
        Value::Object(map) if content_type.starts_with("application/x-www-form-urlencoded") => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, value) in map {
                for text in texts(value).ok_or_else(|| not_flat("payload", name, value))? {
                    form.append_pair(name, &text);
                }
            }
            Ok(form.finish().into_bytes())
        }
        Value::Object(_) | Value::Array(_) if content_type.starts_with("multipart/") => {
            Err(bad_config("http: multipart bodies cannot be sent; use JSON or a form"))
        }
        Value::String(text) if !content_type.is_empty() => Ok(text.clone().into_bytes()),
        other => {
            if content_type.is_empty() {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
            Ok(serde_json::to_vec(other).expect("a JSON value can be written"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_become_a_request() {
        let form = json!({"content-type": "application/x-www-form-urlencoded"});
        for (config, expect) in [
            (json!({"url": "http://h"}), ("GET", "http://h/", None)),
            (
                json!({"endpoint": "http://h/a?x=1", "params": {"y": [1, "b c"], "z": true, "n": null}}),
                ("GET", "http://h/a?x=1&y=1&y=b+c&z=true", None),
            ),
            (json!({"url": "http://h", "data": {"a": 1}}), ("GET", "http://h/?a=1", None)),
            (
                json!({"url": "http://h", "method": "delete", "data": {"query": {"a": 1}}}),
                ("DELETE", "http://h/?a=1", None),
            ),
            (json!({"url": "http://h", "method": "post", "data": {"a": 1}}), ("POST", "http://h/", Some(r#"{"a":1}"#))),
            (
                json!({"url": "http://h", "method": "POST", "data": {"query": {"q": 2}, "body": [1]}}),
                ("POST", "http://h/?q=2", Some("[1]")),
            ),
            (
                json!({"url": "http://h", "method": "POST", "payload": {"p": 1}, "data": {}}),
                ("POST", "http://h/", Some(r#"{"p":1}"#)),
            ),
            (
                json!({"url": "http://h", "method": "POST", "payload": {"a": "ä", "b": [1, 2]}, "headers": form}),
                ("POST", "http://h/", Some("a=%C3%A4&b=1&b=2")),
            ),
            (
                json!({"url": "http://h", "method": "PUT", "payload": "plain", "headers": {"content-type": "text/plain"}}),
                ("PUT", "http://h/", Some("plain")),
            ),
        ] {
            let request = Request::asking(&config, Method::GET).expect("a request");
            let body = request.body.map(|body| String::from_utf8(body).expect("text"));
            assert_eq!((request.method.as_str(), request.url.as_str(), body.as_deref()), expect, "{config}");
        }
    }

    #[test]
    fn wrong_fields_are_named() {
        for (config, part) in [
            (json!({}), "`endpoint` is missing"),
            (json!("x"), "must be a map, not a string"),
            (json!({"url": 5}), "`url` must be a string, not `5`"),
            (json!({"url": "not a url"}), "`endpoint` must be an http or https URL, not `not a url`"),
            (json!({"url": "file:///etc/passwd"}), "`endpoint` must be an http or https URL"),
            (json!({"url": "http://h", "method": "SEND"}), "`method` must be one of GET, POST"),
            (json!({"url": "http://h", "method": ["GET"]}), "`method` must be a string, not a list"),
            (json!({"url": "http://h", "headers": "x"}), "`headers` must be a map"),
            (json!({"url": "http://h", "headers": {"a": {}}}), "header `a` must be text, not a map"),
            (json!({"url": "http://h", "headers": {"a\nb": "x"}}), "a name that HTTP does not allow"),
            (json!({"url": "http://h", "headers": {"a": "x\r\ny: z"}}), "characters HTTP does not allow"),
            (json!({"url": "http://h", "headers": {"Host": "x"}}), "header `Host` cannot be set"),
            (json!({"url": "http://h", "params": [1]}), "`params` must be a map"),
            (json!({"url": "http://h", "params": {"a": {}}}), "`params.a` must be text"),
            (json!({"url": "http://h", "data": [1]}), "`data` must be a map"),
            (json!({"url": "http://h", "timeout": "soon"}), "`timeout` must be a positive number, not `soon`"),
            (json!({"url": "http://h", "timeout": -1}), "`timeout` must be a positive number"),
        ] {
            let error = Request::asking(&config, Method::GET).expect_err("must be refused");
            assert_eq!(error.code, "bad_config");
            assert!(error.message.contains(part), "{}: {part}", error.message);
        }
    }
}
