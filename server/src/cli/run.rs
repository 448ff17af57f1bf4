//! `signalbox run`

use super::{
    error::{Error, Exit},
    flags::AnswerFlags,
    follow::Follow,
    output::{line, progress::Progress},
    register::register_on,
    service::{Order, Service, locate},
    source, stop,
};
use protocol::{
    ExecutionId, Outcome,
    api::{ExecutionDetail, SubmitRequest},
};
use serde::Serialize;
use serde_json::Value;

/// Runs a playbook to its end and shows its progress
///
/// Exit code 0 completed, 1 failed or cancelled, 2 bad input. Ctrl-C cancels the execution; a second Ctrl-C
/// leaves at once.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A playbook file (it is registered first), or the path of a registered playbook
    #[arg(value_name = "FILE|PATH")]
    playbook: String,
    /// The input, an object; @FILE reads it from a file, @- from standard input
    #[arg(long, value_name = "JSON|@FILE")]
    input: Option<String>,
    /// The version of a registered playbook; the newest unless told
    #[arg(long)]
    version: Option<u32>,
    #[command(flatten)]
    answer: AnswerFlags,
}

pub(super) async fn run(args: Args) -> Result<Exit, Error> {
    let input = args.input.as_deref().map(source::input).transpose()?;
    let file = source::is_file(&args.playbook).then(|| source::read(&args.playbook)).transpose()?;
    if file.is_some() && args.version.is_some() {
        return Err(Error::bad_input("--version is for registered playbooks; a file is run as it is"));
    }
    let mut signals = stop::Signals::listen()?;
    let service = locate(&args.answer.target).await?;
    let ended = run_on(service.as_ref(), &args, file, input, &mut signals).await;
    if matches!(ended, Ok(Exit::Left)) {
        return ended;
    }
    service.close().await;
    ended
}

async fn run_on(
    service: &dyn Service,
    args: &Args,
    file: Option<String>,
    input: Option<Value>,
    signals: &mut stop::Signals,
) -> Result<Exit, Error> {
    let (path, version) = match file {
        Some(source) => {
            let registered = register_on(service, &args.playbook, &source).await?;
            (registered.path, Some(registered.version))
        }
        None => (args.playbook.clone(), args.version),
    };
    let id = service.submit(SubmitRequest { input, ..SubmitRequest::new(path, version) }).await?.execution_id;
    let mut progress = if args.answer.json { Progress::json() } else { Progress::new(id) };
    if !watch(service, id, &mut progress, signals).await? {
        return Ok(Exit::Left);
    }
    let detail = service.execution(id).await?;
    progress.end(&detail)?;
    if args.answer.json {
        line::json(&Ended::of(&detail))?;
    } else if let Some(result) = detail.result.as_ref().filter(|result| !result.is_null()) {
        line::print(format_args!("{result:#}"))?;
    }
    Ok(if detail.summary.outcome == Some(Outcome::Completed) { Exit::Done } else { Exit::Failed })
}

/// Follows to the end. The first signal cancels the execution; false after the second.
async fn watch(
    service: &dyn Service,
    id: ExecutionId,
    progress: &mut Progress,
    signals: &mut stop::Signals,
) -> Result<bool, Error> {
    let mut follow = Follow::new(service, id);
    let mut is_cancelled = false;
    loop {
        tokio::select! {
            next = follow.next() => match next? {
                Some(envelope) => progress.event(&envelope)?,
                None => return Ok(true),
            },
            () = signals.next() => {
                if is_cancelled {
                    progress.note("left; the execution may not have ended");
                    return Ok(false);
                }
                is_cancelled = true;
                progress.note("cancelling; once more to leave at once");
                match service.tell(id, Order::Cancel, Some("interrupted from the terminal".to_owned())).await {
                    // 409: it ended at the same moment, which the events will tell.
                    Err(problem) if problem.status != 409 => return Err(problem.into()),
                    _ => {}
                }
            }
        }
    }
}

/// The last line of `--json`.
#[derive(Serialize)]
struct Ended<'a> {
    execution_id: ExecutionId,
    outcome: Option<Outcome>,
    result: &'a Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: &'a Option<protocol::TaskError>,
}

impl<'a> Ended<'a> {
    fn of(detail: &'a ExecutionDetail) -> Self {
        Self {
            execution_id: detail.summary.execution_id,
            outcome: detail.summary.outcome,
            result: &detail.result,
            error: &detail.summary.error,
        }
    }
}
