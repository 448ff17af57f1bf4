//! `POST /api/sf/run_playbook`

use super::reply::{Html, Rejected, Reply};
use crate::href;
use leptos::{prelude::*, server, server_fn::codec::PostUrl};
use protocol::{Problem, api::SubmitRequest};
use runtime::Api;
use serde_json::Value;

/// To the new execution; back to the form when the input is not what the playbook takes. Empty input: the
/// playbook's defaults.
#[server(prefix = "/api/sf", endpoint = "run_playbook", input = PostUrl, output = Html)]
pub async fn run_playbook(path: String, version: u32, input: String) -> Result<Reply, ServerFnError> {
    let submitted = match parse(&input) {
        Ok(value) => {
            let request = SubmitRequest { input: value, ..SubmitRequest::new(path.clone(), Some(version)) };
            expect_context::<Api>().submit(request).await
        }
        Err(problem) => Err(problem),
    };
    Ok(match submitted {
        Ok(submitted) => Reply::see_other(&href::execution(submitted.execution_id)),
        Err(problem) => {
            let text = input.replace("\r\n", "\n");
            Reply::rejected(&href::playbook_version(&path, version), Rejected { text, problem }).await
        }
    })
}

fn parse(input: &str) -> Result<Option<Value>, Problem> {
    if input.trim().is_empty() {
        return Ok(None);
    }
    let value: Value = serde_json::from_str(input).map_err(|error| {
        Problem::bad_request("invalid_json", format!("the input is not JSON: {error}; correct it and run again"))
    })?;
    if !value.is_object() {
        let detail = "the input must be an object: { … }, merged over the playbook's workload";
        return Err(Problem::bad_request("input_not_an_object", detail));
    }
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_an_object_or_nothing() {
        for (input, code) in [
            ("", None),
            ("  \r\n", None),
            ("{\"a\": 1}", None),
            ("{", Some("invalid_json")),
            ("[1]", Some("input_not_an_object")),
        ] {
            assert_eq!(parse(input).err().map(|problem| problem.code), code.map(str::to_owned), "{input}");
        }
    }
}
