//! `POST /api/sf/cancel_execution`, `pause_execution`, `resume_execution`, `answer_approval`, `rerun_execution`

use super::{
    input,
    reply::{Html, Reply, own_place},
};
use crate::{components::ApprovalEntered, href};
use leptos::{prelude::*, server, server_fn::codec::PostUrl};
use protocol::{
    ExecutionId, Problem,
    api::{ApprovalAnswer, ApprovalQuery, RerunRequest},
};
use runtime::Api;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Back to the execution. `at_once`: without its steps for a cancellation.
#[server(prefix = "/api/sf", endpoint = "cancel_execution", input = PostUrl, output = Html)]
pub async fn cancel_execution(
    execution_id: String,
    reason: Option<String>,
    at_once: Option<bool>,
) -> Result<Reply, ServerFnError> {
    let api = expect_context::<Api>();
    let reason = reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    let ended = async |id| match at_once {
        Some(true) => api.terminate(id, reason.clone()).await,
        _ => api.cancel(id, reason.clone()).await,
    };
    Ok(answer(&execution_id, ended).await)
}

#[server(prefix = "/api/sf", endpoint = "pause_execution", input = PostUrl, output = Html)]
pub async fn pause_execution(execution_id: String) -> Result<Reply, ServerFnError> {
    let api = expect_context::<Api>();
    Ok(answer(&execution_id, async |id| api.pause(id, None).await).await)
}

#[server(prefix = "/api/sf", endpoint = "resume_execution", input = PostUrl, output = Html)]
pub async fn resume_execution(execution_id: String) -> Result<Reply, ServerFnError> {
    let api = expect_context::<Api>();
    Ok(answer(&execution_id, async |id| api.resume(id).await).await)
}

/// `fields`: what was entered, by the names of the form. Its types say what the texts mean. Back to where one came
/// from; when something is wrong, with all that was entered.
#[server(prefix = "/api/sf", endpoint = "answer_approval", input = PostUrl, output = Html)]
pub async fn answer_approval(
    execution_id: String,
    step: String,
    visit: u32,
    #[server(default)] fields: HashMap<String, String>,
    return_to: String,
) -> Result<Reply, ServerFnError> {
    let api = expect_context::<Api>();
    let place = own_place(&return_to);
    let id = match input::id(&execution_id) {
        Ok(id) => id,
        Err(problem) => return Ok(Reply::refused(place, problem).await),
    };
    let answered = async {
        let query = ApprovalQuery { execution_id: Some(id), limit: Some(500), ..ApprovalQuery::default() };
        let waiting = api.approvals(query).await?.approvals;
        let asked = waiting.iter().find(|asked| asked.step == step && asked.visit == visit);
        let form = asked.map(|asked| asked.form.clone()).unwrap_or_default();
        let data = Some(Value::Object(data(&form, &fields)));
        api.approve(id, &step, ApprovalAnswer { data, visit: Some(visit) }).await
    };
    Ok(match answered.await {
        Ok(_) => Reply::see_other(place),
        Err(problem) => {
            let entered = ApprovalEntered { execution_id: id, step, visit, fields: fields.into_iter().collect() };
            Reply::rejected_with(place, problem, entered).await
        }
    })
}

/// What stood in the form of a rerun, beside the step, which its address names.
#[derive(Clone, Debug)]
pub(crate) struct RerunEntered {
    pub(crate) version: Option<u32>,
    /// As JSON.
    pub(crate) input: String,
}

/// To the new execution; back to the form when something is wrong.
#[server(prefix = "/api/sf", endpoint = "rerun_execution", input = PostUrl, output = Html)]
pub async fn rerun_execution(
    execution_id: String,
    from: String,
    version: Option<u32>,
    input: String,
) -> Result<Reply, ServerFnError> {
    let api = expect_context::<Api>();
    let from = Some(from).filter(|from| !from.is_empty());
    let id = match input::id(&execution_id) {
        Ok(id) => id,
        Err(problem) => return Ok(Reply::refused(href::EXECUTIONS, problem).await),
    };
    let started = async {
        let input = input::parse(&input)?;
        api.rerun(id, RerunRequest { from: from.clone(), input, version, ..RerunRequest::default() }).await
    };
    Ok(match started.await {
        Ok(submitted) => Reply::see_other(&href::execution(submitted.execution_id)),
        Err(problem) => {
            let entered = RerunEntered { version, input: input.replace("\r\n", "\n") };
            Reply::rejected_with(&href::rerun(id, from.as_deref()), problem, entered).await
        }
    })
}

/// To the execution's page, which tells what was wrong.
async fn answer<T>(execution_id: &str, order: impl AsyncFnOnce(ExecutionId) -> Result<T, Problem>) -> Reply {
    let id = match input::id(execution_id) {
        Ok(id) => id,
        Err(problem) => return Reply::refused(href::EXECUTIONS, problem).await,
    };
    let place = href::execution(id);
    match order(id).await {
        Ok(_) => Reply::see_other(&place),
        Err(problem) => Reply::refused(&place, problem).await,
    }
}

/// Texts as the form's types. What is no number stays a text, for the engine to name; an empty field is left out.
fn data(form: &Value, fields: &HashMap<String, String>) -> Map<String, Value> {
    let mut data = Map::new();
    if let Some(approved) = fields.get("approved") {
        data.insert("approved".to_owned(), (approved == "true").into());
    }
    for field in form.as_array().into_iter().flatten() {
        let Some(name) = field["name"].as_str().filter(|name| *name != "approved") else { continue };
        let text = fields.get(name).map(|text| text.trim());
        let value = match (field["type"].as_str(), text) {
            (Some("boolean"), text) => Value::Bool(text == Some("true")),
            (_, None | Some("")) => continue,
            (Some("number" | "integer"), Some(text)) => {
                serde_json::from_str::<serde_json::Number>(text).map_or_else(|_| text.into(), Value::Number)
            }
            (Some("choice"), Some(text)) => {
                let mut options = field["options"].as_array().into_iter().flatten();
                let chosen = options.find(|option| match option.as_str() {
                    Some(option) => option == text,
                    // `2` is chosen by the text "2".
                    None => serde_json::to_string(option).is_ok_and(|written| written == text),
                });
                chosen.cloned().unwrap_or_else(|| text.into())
            }
            (_, Some(text)) => text.into(),
        };
        data.insert(name.to_owned(), value);
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_become_what_the_form_asks_for() {
        let form = json!([
            {"name": "amount", "type": "number"},
            {"name": "count", "type": "integer"},
            {"name": "sure", "type": "boolean"},
            {"name": "size", "type": "choice", "options": [1, 2]},
            {"name": "note", "type": "string", "required": false},
            {"name": "wrong", "type": "number"},
        ]);
        let fields =
            [("approved", "true"), ("amount", " 1.5 "), ("count", "3"), ("size", "2"), ("note", ""), ("wrong", "x")];
        let fields = fields.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let data = data(&form, &fields);
        let whole = json!({"approved": true, "amount": 1.5, "count": 3, "sure": false, "size": 2, "wrong": "x"});
        assert_eq!(Value::Object(data), whole);
    }
}
