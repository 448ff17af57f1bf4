//! `POST /api/sf/cancel_execution`

use super::reply::{Html, Rejected, Reply};
use crate::href;
use leptos::{prelude::*, server, server_fn::codec::PostUrl};
use protocol::{ExecutionId, Problem};
use runtime::Api;

/// Who an execution names as the one who cancelled it.
const BY: &str = "dashboard";

/// Back to the execution.
#[server(prefix = "/api/sf", endpoint = "cancel_execution", input = PostUrl, output = Html)]
pub async fn cancel_execution(execution_id: String, reason: Option<String>) -> Result<Reply, ServerFnError> {
    let id: ExecutionId = match execution_id.parse() {
        Ok(id) => id,
        Err(error) => {
            let problem = Problem::bad_request("invalid_id", format!("{error}"));
            return Ok(Reply::rejected(href::EXECUTIONS, Rejected { text: String::new(), problem }).await);
        }
    };
    let reason = reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    let target = href::execution(id);
    Ok(match expect_context::<Api>().cancel(id, reason.clone(), BY).await {
        Ok(_) => Reply::see_other(&target),
        Err(problem) => Reply::rejected(&target, Rejected { text: reason.unwrap_or_default(), problem }).await,
    })
}
