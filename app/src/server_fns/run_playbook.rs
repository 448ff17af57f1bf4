//! `POST /api/sf/run_playbook`

use super::{
    input,
    reply::{Html, Rejected, Reply},
};
use crate::href;
use leptos::{prelude::*, server, server_fn::codec::PostUrl};
use protocol::api::SubmitRequest;
use runtime::Api;

/// To the new execution; back to the form when the input is not what the playbook takes. Empty input: the
/// playbook's defaults.
#[server(prefix = "/api/sf", endpoint = "run_playbook", input = PostUrl, output = Html)]
pub async fn run_playbook(path: String, version: u32, input: String) -> Result<Reply, ServerFnError> {
    let submitted = match input::parse(&input) {
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
