//! `signalbox approve`

use super::{
    error::{Error, Exit},
    flags::AnswerFlags,
    output::line,
    service::{Service, using},
    source,
};
use protocol::{ExecutionId, api::ApprovalAnswer};
use serde_json::{Value, json};

/// Answers a step that waits for a person
///
/// Without --with: approved, or with --reject not. With it: the fields of the step's form.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The execution
    id: ExecutionId,
    /// The step that waits
    step: String,
    /// The fields of its form; @FILE reads them from a file, @- from standard input
    #[arg(long, value_name = "JSON|@FILE")]
    with: Option<String>,
    /// The answer is no: `approved` is false
    #[arg(long)]
    reject: bool,
    #[command(flatten)]
    answer: AnswerFlags,
}

pub(super) async fn approve(args: Args) -> Result<Exit, Error> {
    let data = answer(args.with.as_deref(), args.reject)?;
    let approval = ApprovalAnswer { data, visit: None };
    let approve = async |service: &dyn Service| service.approve(args.id, &args.step, approval).await;
    let detail = using(&args.answer.target, approve).await?;
    line::one(&detail, args.answer.json, |_| format!("{} answered: {}", args.id, args.step))?;
    Ok(Exit::Done)
}

fn answer(data: Option<&str>, reject: bool) -> Result<Option<Value>, Error> {
    match (data, reject) {
        (None, false) => Ok(None),
        (None, true) => Ok(Some(json!({"approved": false}))),
        (Some(given), _) => {
            let mut data = source::object("--with", given)?;
            if reject {
                data["approved"] = json!(false);
            }
            Ok(Some(data))
        }
    }
}
