//! `POST /api/sf/set_credential`

use super::reply::{Html, Rejected, Reply};
use crate::href;
use leptos::{prelude::*, server, server_fn::codec::PostUrl};
use protocol::{
    Problem, api,
    credential::{self, Kind},
};
use runtime::Api;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// To the list; back to the form when something is wrong, with what was entered and is no secret.
#[server(prefix = "/api/sf", endpoint = "set_credential", input = PostUrl, output = Html)]
pub async fn set_credential(
    name: String,
    kind: String,
    #[server(default)] hint: String,
    /// The fields of a type that has known ones.
    #[server(default)]
    value: HashMap<String, String>,
    /// All fields of another type, as JSON.
    #[server(default)]
    json: String,
) -> Result<Reply, ServerFnError> {
    let known = credential::kind(&kind);
    let set = match fields(known, &value, &json) {
        Ok(value) => {
            let request = api::SetCredential { kind: kind.clone(), value, hint: Some(hint.clone()) };
            expect_context::<Api>().set_credential(name.trim(), request).await
        }
        Err(problem) => Err(problem),
    };
    Ok(match set {
        Ok((summary, _)) => Reply::see_other(&href::credential_stored(&summary.name)),
        Err(problem) => {
            let mut entered = Map::new();
            for field in known.iter().flat_map(|kind| kind.fields).filter(|field| !field.is_secret) {
                let text = value.get(field.name).cloned().unwrap_or_default();
                entered.insert(format!("value[{}]", field.name), Value::String(text));
            }
            entered.insert("name".to_owned(), Value::String(name));
            entered.insert("hint".to_owned(), Value::String(hint));
            let text = Value::Object(entered).to_string();
            Reply::rejected(&href::credential_form(&kind, None), Rejected { text, problem }).await
        }
    })
}

fn fields(known: Option<&Kind>, value: &HashMap<String, String>, json: &str) -> Result<Value, Problem> {
    let Some(kind) = known else {
        // The parser's message has the place and nothing of the text.
        return serde_json::from_str(json).map_err(|error| {
            let detail = format!("the fields are not a JSON object: {error}; correct them and store it again");
            Problem::bad_request("invalid_json", detail)
        });
    };
    let mut map = Map::new();
    for field in kind.fields {
        let text = value.get(field.name).map(String::as_str).unwrap_or_default();
        let text = if field.is_secret { text } else { text.trim() };
        match (text.is_empty(), field.is_optional) {
            (false, _) => {
                map.insert(field.name.to_owned(), Value::String(text.to_owned()));
            }
            (true, true) => {}
            (true, false) => {
                let detail = format!("the field {} is empty; nothing was stored", field.label);
                return Err(Problem::bad_request("field_missing", detail));
            }
        }
    }
    Ok(Value::Object(map))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_form_becomes_a_value() {
        let form = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let postgres = credential::kind("postgres");
        let filled: HashMap<_, _> =
            form(&[("host", " h "), ("port", "1"), ("user", "u"), ("password", " p "), ("x", "y")]);
        assert_eq!(
            fields(postgres, &filled, ""),
            Ok(json!({"host": "h", "port": "1", "user": "u", "password": " p "})),
            "a password is taken as it is, and what the type does not have is left out"
        );
        for (kind, pairs, text, code) in [
            (credential::kind("bearer"), vec![], "", "field_missing"),
            (postgres, vec![("host", "h"), ("port", "1"), ("user", "  ")], "", "field_missing"),
            (None, vec![], "hunter2", "invalid_json"),
        ] {
            let problem = fields(kind, &form(&pairs), text).expect_err("refused");
            assert!(problem.code == code && !problem.detail.contains("hunter2"), "{problem}");
        }
        assert_eq!(fields(None, &HashMap::new(), "{\"a\": 1}"), Ok(json!({"a": 1})));
    }
}
