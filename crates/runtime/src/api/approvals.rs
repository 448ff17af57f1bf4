//! Steps that wait for a person: the list of them, and their answers.

use super::{Api, from_store};
use engine::Input;
use protocol::{
    ExecutionId, Problem, Timestamp,
    api::{ApprovalAnswer, ApprovalPage, ApprovalQuery, ExecutionDetail, WaitingApproval},
};
use serde_json::json;
use std::sync::Arc;
use store::ApprovalFilter;

/// Approvals on one page: unless told, at most.
const ROWS: (u32, u32) = (50, 500);

impl Api {
    /// Who waits for a person now, the longest first.
    ///
    /// # Errors
    /// 400 for a cursor that is none.
    pub async fn approvals(&self, query: ApprovalQuery) -> Result<ApprovalPage, Problem> {
        let limit = query.limit.unwrap_or(ROWS.0).clamp(1, ROWS.1);
        let after = query.cursor.as_deref().filter(|cursor| !cursor.is_empty()).map(read_cursor).transpose()?;
        let filter = ApprovalFilter {
            path: query.path.filter(|path| !path.is_empty()),
            execution_id: query.execution_id,
            after,
            limit: limit + 1,
        };
        let mut rows = self.shared.store.approvals(filter).await.map_err(from_store)?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(write_cursor);
        Ok(ApprovalPage { approvals: rows.into_iter().map(waiting).collect(), next })
    }

    /// Answers a step that waits for a person.
    ///
    /// # Errors
    /// 404 when there is no such execution; 409 when the step does not wait; 422 `form_invalid` naming the fields
    /// that do not fit.
    pub async fn approve(
        &self,
        id: ExecutionId,
        step: &str,
        answer: ApprovalAnswer,
    ) -> Result<ExecutionDetail, Problem> {
        let ApprovalAnswer { data, visit } = answer;
        let data = Arc::new(data.unwrap_or_else(|| json!({"approved": true})));
        self.carry_out(id, Input::Signal { name: step.to_owned(), visit, data, by: self.by() }).await
    }
}

fn waiting(row: store::WaitingApproval) -> WaitingApproval {
    WaitingApproval {
        execution_id: row.execution_id,
        path: row.path,
        step: row.step,
        visit: row.visit,
        message: row.message,
        form: row.form,
        requested_at: row.requested_at,
        due: row.due,
        default: row.default,
    }
}

fn write_cursor(row: &store::WaitingApproval) -> String {
    format!("{}:{}:{}:{}", row.requested_at.0, row.execution_id, row.visit, row.step)
}

fn read_cursor(cursor: &str) -> Result<(Timestamp, ExecutionId, String, u32), Problem> {
    let parts = || {
        let mut parts = cursor.splitn(4, ':');
        let (at, id) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let visit = parts.next()?.parse().ok()?;
        Some((Timestamp(at), id, parts.next()?.to_owned(), visit))
    };
    parts().ok_or_else(|| {
        Problem::bad_request(
            "filter_invalid",
            "`cursor` is not one this server gave out; leave it away to start at the first",
        )
    })
}
