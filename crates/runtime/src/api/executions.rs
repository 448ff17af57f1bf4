//! Executions: lists, one, its history.

use super::{Api, from_store};
use protocol::{
    ExecutionId, Outcome, Phase, Position, Problem, StepStatus, Timestamp, Topic,
    api::{EventPage, ExecutionDetail, ExecutionPage, ExecutionQuery},
    graph::Graph,
    view::{ExecutionRows, ExecutionView},
};
use store::{ExecutionFilter, LogPage};

/// Events on one page at most.
const EVENTS: u32 = 1_000;
/// Executions on one page: unless told, at most.
const ROWS: (u32, u32) = (50, 500);

impl Api {
    /// A page of the list, newest first.
    ///
    /// # Errors
    /// 400 naming the filter that is wrong.
    pub async fn executions(&self, query: ExecutionQuery) -> Result<ExecutionPage, Problem> {
        self.shared.store.executions(filter(query)?).await.map_err(from_store)
    }

    /// The same page as a view for the screen, with the cursor of the next page.
    ///
    /// # Errors
    /// As [`Api::executions`].
    pub async fn execution_rows(&self, query: ExecutionQuery) -> Result<(ExecutionRows, Option<String>), Problem> {
        let page = self.executions(query).await?;
        Ok((ExecutionRows { rows: page.executions, position: page.position }, page.next))
    }

    /// One execution.
    ///
    /// # Errors
    /// 404 when there is none.
    pub async fn execution(&self, id: ExecutionId) -> Result<ExecutionDetail, Problem> {
        let mut detail = self.shared.store.execution(id).await.map_err(from_store)?.ok_or_else(|| missing(id))?;
        detail.lineage = self.lineage(id).await?;
        Ok(detail)
    }

    /// One execution as its page shows it.
    ///
    /// # Errors
    /// 404 when there is none.
    pub async fn execution_view(&self, id: ExecutionId) -> Result<ExecutionView, Problem> {
        let mut view = ExecutionView::new(id);
        loop {
            let page = self.history(id, view.position, EVENTS).await?;
            page.events.iter().for_each(|envelope| {
                view.apply(envelope);
            });
            if page.at_head {
                break;
            }
        }
        if view.position == Position(0) { Err(missing(id)) } else { Ok(view) }
    }

    /// The graph of the playbook version this execution runs.
    ///
    /// # Errors
    /// 404 when there is no such execution.
    pub async fn execution_graph(&self, id: ExecutionId) -> Result<Graph, Problem> {
        let summary = self.execution(id).await?.summary;
        self.shared.catalog.entry(&summary.path, summary.version).await?.graph().await
    }

    /// One execution's events after a position, oldest first. A page ends early, with a `next`, when they are large.
    ///
    /// # Errors
    /// 404 when there is no such execution.
    pub async fn execution_events(&self, id: ExecutionId, after: Position, limit: u32) -> Result<EventPage, Problem> {
        let LogPage { events, at_head, .. } = self.history(id, after, limit.clamp(1, EVENTS)).await?;
        if events.is_empty() {
            self.execution(id).await?;
        }
        let last = events.last().and_then(|event| event.position);
        Ok(EventPage { next: last.filter(|_| !at_head), through: last.unwrap_or(after), events })
    }

    async fn history(&self, id: ExecutionId, after: Position, limit: u32) -> Result<LogPage, Problem> {
        self.shared.store.log(&Topic::Execution(id), after, limit).await.map_err(from_store)
    }
}

fn missing(id: ExecutionId) -> Problem {
    Problem::not_found("execution", id, "look in the list of executions")
}

fn filter(query: ExecutionQuery) -> Result<ExecutionFilter, Problem> {
    let mut states = Vec::new();
    for word in query.status.iter().flat_map(|words| words.split(',')).map(str::trim).filter(|word| !word.is_empty()) {
        match StepStatus::parse(word) {
            Some(StepStatus::Queued) => states.push((Phase::Initial, None)),
            Some(StepStatus::Running) => states.extend([(Phase::Initial, None), (Phase::InProgress, None)]),
            Some(StepStatus::Completed) => states.push((Phase::Completed, Some(Outcome::Completed))),
            Some(StepStatus::Failed) => states.push((Phase::Completed, Some(Outcome::Failed))),
            Some(StepStatus::Cancelled) => states.push((Phase::Completed, Some(Outcome::Cancelled))),
            _ => {
                return Err(Problem::bad_request(
                    "filter_invalid",
                    format!(
                        "`status` is `{word}`; it can be queued, running, completed, failed, cancelled, several by comma"
                    ),
                ));
            }
        }
    }
    let before =
        query.cursor.filter(|cursor| !cursor.is_empty()).map(|cursor| cursor.parse()).transpose().map_err(|_| {
            Problem::bad_request(
                "filter_invalid",
                "`cursor` is not one this server gave out; leave it away to start at the newest",
            )
        })?;
    Ok(ExecutionFilter {
        states,
        path: query.path.filter(|path| !path.is_empty()),
        text: query.q.map(|q| q.trim().to_owned()).filter(|q| !q.is_empty()),
        since: query.since.map(Timestamp),
        until: query.until.map(Timestamp),
        before,
        limit: query.limit.unwrap_or(ROWS.0).clamp(1, ROWS.1),
        parent: query.parent,
        rerun_of: query.rerun_of,
        trigger: query.trigger.filter(|trigger| !trigger.is_empty()),
    })
}
