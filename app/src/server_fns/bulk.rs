//! `POST /api/sf/bulk_executions`

use super::reply::{Html, Rejected, Reply};
use crate::{href, pages::bulk};
use leptos::{prelude::*, server, server_fn::codec::PostUrl};
use protocol::{
    ExecutionId,
    api::{BulkRequest, ExecutionQuery},
};
use runtime::Api;

/// Does it, and shows what became of each.
#[server(prefix = "/api/sf", endpoint = "bulk_executions", input = PostUrl, output = Html)]
#[allow(clippy::too_many_arguments)]
pub async fn bulk_executions(
    action: String,
    status: Option<String>,
    path: Option<String>,
    q: Option<String>,
    since: Option<i64>,
    until: Option<i64>,
    parent: Option<ExecutionId>,
    rerun_of: Option<ExecutionId>,
    trigger: Option<String>,
    cursor: Option<String>,
) -> Result<Reply, ServerFnError> {
    let filter = ExecutionQuery {
        status,
        path,
        q,
        since,
        until,
        parent,
        rerun_of,
        trigger,
        cursor,
        ..ExecutionQuery::default()
    };
    let place = href::bulk(&action, &filter);
    let done = match bulk::action(&action) {
        Ok(action) => {
            let limit = Some(bulk::LIMIT);
            let request = BulkRequest { action, filter, limit, reason: None, from: None, dry_run: false };
            expect_context::<Api>().bulk(request).await
        }
        Err(problem) => Err(problem),
    };
    Ok(match done {
        Ok(answer) => Reply::page_with(&place, answer).await,
        Err(problem) => Reply::rejected(&place, Rejected { text: String::new(), problem }).await,
    })
}
