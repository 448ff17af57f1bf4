//! Where executions come from: parents, reruns, triggers. Written in the commit that creates one.

use crate::{
    Store, StoreError,
    sql::{
        beside::Values,
        payload::text,
        read::{executions, parsed},
        statement::sql,
    },
};
use protocol::{ExecutionId, api::ExecutionSummary, event::Origin};

/// Where an execution comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Lineage {
    pub execution_id: ExecutionId,
    pub parent: Option<Parent>,
    pub rerun_of: Option<ExecutionId>,
    /// The step a rerun begins at.
    pub rerun_from: Option<String>,
    /// `schedule:NAME`, `webhook:NAME`.
    pub trigger: Option<String>,
}

/// What a child was started by.
#[derive(Clone, Debug, PartialEq)]
pub struct Parent {
    pub execution_id: ExecutionId,
    /// The task of it, as a task's key is written.
    pub task: String,
}

/// An execution with the parent's task that started it.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    pub summary: ExecutionSummary,
    pub task: String,
}

impl dyn Store {
    /// Where an execution comes from; `None` when somebody just started it, or when there is none.
    pub async fn lineage(&self, id: ExecutionId) -> Result<Option<Lineage>, StoreError> {
        let find = sql("SELECT execution_id, parent_id, parent_task, rerun_of, rerun_from, trigger_name
            FROM lineage WHERE execution_id = $1");
        let row: Option<Row> = self.database().optional(find.bind(id)).await?;
        row.map(Row::lineage).transpose()
    }

    /// The executions an execution started, after the given one, in id order.
    pub async fn children(
        &self,
        of: ExecutionId,
        after: Option<ExecutionId>,
        limit: u32,
    ) -> Result<Vec<Child>, StoreError> {
        #[derive(sqlx::FromRow)]
        struct Found {
            #[sqlx(flatten)]
            row: executions::Row,
            parent_task: String,
        }
        let children = sql("SELECT x.execution_id, x.path, x.playbook_version, x.state, x.step, x.progress,
                x.created_at, x.ended_at, x.error, x.position, l.parent_task
            FROM lineage l JOIN executions x ON x.execution_id = l.execution_id
            WHERE l.parent_id = $1 AND l.execution_id > $2 ORDER BY l.execution_id LIMIT $3")
        .bind(of)
        .bind(after.map(|id| id.to_string()).unwrap_or_default())
        .bind(limit);
        let rows: Vec<Found> = self.database().all(children).await?;
        rows.into_iter().map(|found| Ok(Child { summary: found.row.summary()?, task: found.parent_task })).collect()
    }

    /// The executions that repeat an execution, the oldest first.
    pub async fn reruns(&self, of: ExecutionId) -> Result<Vec<ExecutionId>, StoreError> {
        let reruns = sql("SELECT execution_id FROM lineage WHERE rerun_of = $1 ORDER BY execution_id").bind(of);
        let rows: Vec<(String,)> = self.database().all(reruns).await?;
        rows.into_iter().map(|(id,)| parsed(&id, || format!("a rerun of {of}"))).collect()
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    execution_id: String,
    parent_id: Option<String>,
    parent_task: Option<String>,
    rerun_of: Option<String>,
    rerun_from: Option<String>,
    trigger_name: Option<String>,
}

impl Row {
    fn lineage(self) -> Result<Lineage, StoreError> {
        let at = || format!("the lineage of {}", self.execution_id);
        let parent = match (&self.parent_id, self.parent_task) {
            (Some(id), Some(task)) => Some(Parent { execution_id: parsed(id, at)?, task }),
            _ => None,
        };
        Ok(Lineage {
            execution_id: parsed(&self.execution_id, at)?,
            parent,
            rerun_of: self.rerun_of.as_deref().map(|id| parsed(id, at)).transpose()?,
            rerun_from: self.rerun_from,
            trigger: self.trigger_name,
        })
    }
}

/// A row but for the execution's id.
#[derive(Debug)]
pub(crate) struct LineageRow {
    parent: Option<(ExecutionId, String)>,
    rerun_of: Option<ExecutionId>,
    rerun_from: Option<String>,
    trigger: Option<String>,
}

impl LineageRow {
    /// `None` when it comes from nowhere.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a text no column takes.
    pub(crate) fn of(origin: &Origin) -> Result<Option<Self>, StoreError> {
        if origin.parent.is_none() && origin.rerun.is_none() && origin.trigger.is_none() {
            return Ok(None);
        }
        let from = origin.rerun.as_ref().and_then(|rerun| rerun.from.as_deref());
        let task = origin.parent.as_ref().map(ToString::to_string);
        text(task.as_deref().unwrap_or_default(), "the parent's task")?;
        text(from.unwrap_or_default(), "the step of a rerun")?;
        text(origin.trigger.as_deref().unwrap_or_default(), "the trigger")?;
        Ok(Some(Self {
            parent: origin.parent.as_ref().map(|key| key.execution_id).zip(task),
            rerun_of: origin.rerun.as_ref().map(|rerun| rerun.of),
            rerun_from: from.map(str::to_owned),
            trigger: origin.trigger.clone(),
        }))
    }

    pub(crate) fn bind<'s>(&self, row: Values<'s>) -> Values<'s> {
        let (parent_id, parent_task) = self.parent.clone().unzip();
        row.bind(parent_id).bind(parent_task).bind(self.rerun_of).bind(&self.rerun_from).bind(&self.trigger)
    }
}
