//! One command for many executions.

use super::Api;
use futures::{StreamExt, stream};
use protocol::{
    Action, Problem,
    api::{BulkAction, BulkAnswer, BulkOutcome, BulkRequest, ExecutionQuery, ExecutionSummary, RerunRequest},
};

/// Executions in one command: unless told, at most.
const MANY: (u32, u32) = (100, 1_000);
/// Rows of one page of the list.
const PAGE: u32 = 500;
/// Told at once: enough to share commits, and few enough to leave others their turn.
const AT_ONCE: usize = 16;

impl Api {
    /// Does one thing to each execution that the filter finds, the newest first.
    ///
    /// # Errors
    /// 400 `filter_invalid` for a filter that says nothing, or something wrong. What goes wrong with one execution
    /// is told of that one.
    pub async fn bulk(&self, request: BulkRequest) -> Result<BulkAnswer, Problem> {
        self.require(Action::Run)?;
        let limit = request.limit.unwrap_or(MANY.0);
        if limit == 0 || limit > MANY.1 {
            return Err(wrong(format!("`limit` is {limit}; it can be 1 to {}", MANY.1)));
        }
        let (found, next) = self.find(request.filter.clone(), limit).await?;
        let each = found.into_iter().map(|summary| self.one(summary, &request));
        let outcomes = stream::iter(each).buffered(AT_ONCE).collect().await;
        Ok(BulkAnswer { outcomes, next })
    }

    /// All that are meant, before the first is touched: what is done to one may change what the filter finds.
    async fn find(
        &self,
        filter: ExecutionQuery,
        limit: u32,
    ) -> Result<(Vec<ExecutionSummary>, Option<String>), Problem> {
        if filter.limit.is_some() {
            return Err(wrong("`filter.limit` means nothing here; the request has a `limit` of its own"));
        }
        if filter == (ExecutionQuery { cursor: filter.cursor.clone(), ..ExecutionQuery::default() }) {
            return Err(wrong("`filter` says nothing, which would mean every execution there is; narrow it"));
        }
        let (mut found, mut cursor) = (Vec::new(), filter.cursor.clone());
        loop {
            let left = limit - u32::try_from(found.len()).unwrap_or(limit);
            let query = ExecutionQuery { cursor, limit: Some(left.min(PAGE)), ..filter.clone() };
            let page = self.executions(query).await?;
            found.extend(page.executions);
            cursor = page.next;
            if cursor.is_none() || found.len() >= limit as usize {
                return Ok((found, cursor));
            }
        }
    }

    async fn one(&self, summary: ExecutionSummary, request: &BulkRequest) -> BulkOutcome {
        let (id, reason) = (summary.execution_id, request.reason.clone());
        let mut outcome =
            BulkOutcome { execution_id: id, path: summary.path, done: None, started: None, code: None, detail: None };
        if request.dry_run {
            return outcome;
        }
        let done = match request.action {
            BulkAction::Cancel => self.cancel(id, reason).await.map(|_| None),
            BulkAction::Terminate => self.terminate(id, reason).await.map(|_| None),
            BulkAction::Pause => self.pause(id, reason).await.map(|_| None),
            BulkAction::Resume => self.resume(id).await.map(|_| None),
            BulkAction::Rerun => {
                let again = RerunRequest { from: request.from.clone(), ..RerunRequest::default() };
                self.rerun(id, again).await.map(|submitted| Some(submitted.execution_id))
            }
        };
        outcome.done = Some(done.is_ok());
        match done {
            Ok(started) => outcome.started = started,
            Err(problem) => (outcome.code, outcome.detail) = (Some(problem.code), Some(problem.detail)),
        }
        outcome
    }
}

fn wrong(detail: impl Into<String>) -> Problem {
    Problem::bad_request("filter_invalid", detail)
}
