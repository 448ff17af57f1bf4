//! `signalbox bulk`

use super::{
    error::{Error, Exit},
    flags::AnswerFlags,
    output::line,
    service::using,
};
use clap::ValueEnum;
use protocol::{
    ExecutionId,
    api::{BulkAction, BulkOutcome, BulkRequest, ExecutionQuery},
};

/// Cancels, terminates, pauses, resumes or reruns many executions: all that a filter finds, the newest first, or those
/// named
///
/// Exit code 1 when it could not be done to one of them.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[arg(value_enum)]
    action: Action,
    /// This one and no others; may be given again and again, and not with a filter
    #[arg(long = "id", value_name = "ID", conflicts_with_all = ["status", "path", "query", "trigger", "limit"])]
    ids: Vec<ExecutionId>,
    /// queued, running, completed, failed, cancelled; several by comma
    #[arg(long)]
    status: Option<String>,
    /// Of this playbook
    #[arg(long)]
    path: Option<String>,
    /// A part of the path or of the execution's id
    #[arg(long, value_name = "TEXT")]
    query: Option<String>,
    /// Of what started them: schedule:NAME, webhook:NAME
    #[arg(long)]
    trigger: Option<String>,
    /// 1 to 1,000; 100 unless told
    #[arg(long)]
    limit: Option<u32>,
    /// Why; it is kept in the history
    #[arg(long)]
    reason: Option<String>,
    /// Of reruns: the step to begin at
    #[arg(long, value_name = "STEP")]
    from: Option<String>,
    /// Only say which executions are meant
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    answer: AnswerFlags,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Action {
    Cancel,
    Terminate,
    Pause,
    Resume,
    Rerun,
}

pub(super) async fn bulk(args: Args) -> Result<Exit, Error> {
    let filter = ExecutionQuery {
        status: args.status,
        path: args.path,
        q: args.query,
        trigger: args.trigger,
        ..ExecutionQuery::default()
    };
    let request = BulkRequest {
        action: match args.action {
            Action::Cancel => BulkAction::Cancel,
            Action::Terminate => BulkAction::Terminate,
            Action::Pause => BulkAction::Pause,
            Action::Resume => BulkAction::Resume,
            Action::Rerun => BulkAction::Rerun,
        },
        filter: args.ids.is_empty().then_some(filter),
        executions: (!args.ids.is_empty()).then_some(args.ids),
        limit: args.limit,
        reason: args.reason,
        from: args.from,
        dry_run: args.dry_run,
    };
    let answer = using(&args.answer.target, async |service| service.bulk(request).await).await?;
    line::each(&answer.outcomes, args.answer.json, words)?;
    let has_failed = answer.outcomes.iter().any(|outcome| outcome.done == Some(false));
    Ok(if has_failed { Exit::Failed } else { Exit::Done })
}

/// Id, what became of it, playbook.
fn words(outcome: &BulkOutcome) -> String {
    let became = match (outcome.done, &outcome.started, &outcome.detail) {
        (None, _, Some(detail)) => detail.clone(),
        (None, _, None) => "is meant".to_owned(),
        (Some(true), Some(started), _) => format!("runs again as {started}"),
        (Some(true), None, _) => "done".to_owned(),
        (Some(false), _, detail) => format!("not done: {}", detail.as_deref().unwrap_or_default()),
    };
    format!("{}  {}  {became}", outcome.execution_id, outcome.path)
}
