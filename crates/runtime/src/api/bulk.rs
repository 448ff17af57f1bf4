//! One command for many executions.

use super::Api;
use futures::{StreamExt, stream};
use protocol::{
    Action, ExecutionId, Problem,
    api::{BulkAction, BulkAnswer, BulkOutcome, BulkRequest, ExecutionQuery, RerunRequest},
};
use std::collections::HashSet;

/// Executions in one command: unless told, at most.
const MANY: (u32, u32) = (100, 1_000);
/// Rows of one page of the list.
const PAGE: u32 = 500;
/// Told at once: enough to share commits, and few enough to leave others their turn.
const AT_ONCE: usize = 16;

impl Api {
    /// Does one thing to each execution that the filter finds, the newest first, or that is named.
    ///
    /// # Errors
    /// 400 `filter_invalid` for a filter that says nothing, or something wrong, and for none or both of the ways to
    /// say which are meant. What goes wrong with one execution is told of that one.
    pub async fn bulk(&self, request: BulkRequest) -> Result<BulkAnswer, Problem> {
        self.require(Action::Run)?;
        let (meant, next) = match (&request.filter, &request.executions) {
            (Some(filter), None) => self.find(filter.clone(), limit(request.limit)?).await?,
            (None, Some(ids)) if request.limit.is_none() => (self.named(ids).await?, None),
            (None, Some(_)) => return Err(wrong("`limit` means nothing beside `executions`; name fewer")),
            _ => return Err(wrong("say which executions are meant: `filter` or `executions`, one of them")),
        };
        let each = meant.into_iter().map(|meant| self.one(meant, &request));
        let outcomes = stream::iter(each).buffered(AT_ONCE).collect().await;
        Ok(BulkAnswer { outcomes, next })
    }

    /// Those with these ids, each once.
    async fn named(&self, ids: &[ExecutionId]) -> Result<Vec<Meant>, Problem> {
        if ids.is_empty() || ids.len() > MANY.1 as usize {
            return Err(wrong(format!("`executions` has {} ids; it can have 1 to {}", ids.len(), MANY.1)));
        }
        let mut seen = HashSet::new();
        let once: Vec<ExecutionId> = ids.iter().copied().filter(|id| seen.insert(*id)).collect();
        let each = once.into_iter().map(|id| self.look(id));
        Ok(stream::iter(each).buffered(AT_ONCE).collect().await)
    }

    async fn look(&self, id: ExecutionId) -> Meant {
        Meant { id, path: self.execution(id).await.map(|execution| execution.summary.path) }
    }

    /// All that are meant, before the first is touched: what is done to one may change what the filter finds.
    async fn find(&self, filter: ExecutionQuery, limit: u32) -> Result<(Vec<Meant>, Option<String>), Problem> {
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
            found.extend(page.executions.into_iter().map(|row| Meant { id: row.execution_id, path: Ok(row.path) }));
            cursor = page.next;
            if cursor.is_none() || found.len() >= limit as usize {
                return Ok((found, cursor));
            }
        }
    }

    async fn one(&self, meant: Meant, request: &BulkRequest) -> BulkOutcome {
        let (id, reason) = (meant.id, request.reason.clone());
        let (path, missing) = meant.path.map_or_else(|problem| (String::new(), Some(problem)), |path| (path, None));
        let mut outcome = BulkOutcome { execution_id: id, path, done: None, started: None, code: None, detail: None };
        if let Some(problem) = missing {
            outcome.done = (!request.dry_run).then_some(false);
            (outcome.code, outcome.detail) = (Some(problem.code), Some(problem.detail));
            return outcome;
        }
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

/// An execution that something is to be done to; its playbook, or why it cannot be had.
struct Meant {
    id: ExecutionId,
    path: Result<String, Problem>,
}

fn limit(limit: Option<u32>) -> Result<u32, Problem> {
    let limit = limit.unwrap_or(MANY.0);
    if limit == 0 || limit > MANY.1 {
        return Err(wrong(format!("`limit` is {limit}; it can be 1 to {}", MANY.1)));
    }
    Ok(limit)
}

fn wrong(detail: impl Into<String>) -> Problem {
    Problem::bad_request("filter_invalid", detail)
}
