//! `POST /api/sf/register_playbook`

use super::reply::{Html, Rejected, Reply};
use crate::href;
use leptos::{prelude::*, server, server_fn::codec::PostUrl};
use runtime::Api;

/// To the playbook's page; back to the form when its source has errors.
#[server(prefix = "/api/sf", endpoint = "register_playbook", input = PostUrl, output = Html)]
pub async fn register_playbook(source: String) -> Result<Reply, ServerFnError> {
    // Browsers send every line of a text field with CR LF.
    let source = source.replace("\r\n", "\n");
    Ok(match expect_context::<Api>().register_playbook(&source).await {
        Ok(registered) => Reply::see_other(&href::registered(&registered)),
        Err(problem) => Reply::rejected(href::REGISTER, Rejected { text: source, problem }).await,
    })
}
