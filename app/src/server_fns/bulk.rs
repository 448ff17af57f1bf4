//! `POST /api/sf/bulk_executions`

use super::{
    input,
    reply::{Html, Reply},
};
use crate::{href, pages::bulk};
use leptos::{prelude::*, server, server_fn::codec::PostUrl};
use protocol::{
    ExecutionId,
    api::{BulkRequest, ExecutionQuery},
};
use runtime::Api;

/// Does it to those that were shown (`executions`, ids by comma), and shows what became of each. The filter is where
/// they were found.
#[server(prefix = "/api/sf", endpoint = "bulk_executions", input = PostUrl, output = Html)]
#[allow(clippy::too_many_arguments)]
pub async fn bulk_executions(
    action: String,
    executions: String,
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
    let done = async {
        let (action, ids) = (bulk::action(&action)?, executions.split(',').map(input::id).collect::<Result<_, _>>()?);
        let request = BulkRequest {
            action,
            filter: None,
            executions: Some(ids),
            limit: None,
            reason: None,
            from: None,
            dry_run: false,
        };
        expect_context::<Api>().bulk(request).await
    };
    Ok(match done.await {
        Ok(answer) => Reply::page_with(&place, answer).await,
        Err(problem) => Reply::refused(&place, problem).await,
    })
}
