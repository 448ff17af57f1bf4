//! `POST /api/sf/delete_credential`

use super::reply::{Html, Reply};
use crate::href;
use leptos::{prelude::*, server, server_fn::codec::PostUrl};
use runtime::Api;

/// Back to the list.
#[server(prefix = "/api/sf", endpoint = "delete_credential", input = PostUrl, output = Html)]
pub async fn delete_credential(name: String) -> Result<Reply, ServerFnError> {
    Ok(match expect_context::<Api>().delete_credential(&name).await {
        Ok(()) => Reply::see_other(&href::credential_deleted(&name)),
        Err(problem) => Reply::refused(href::CREDENTIALS, problem).await,
    })
}
