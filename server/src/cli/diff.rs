//! `signalbox diff`

use super::{
    error::{Error, Exit},
    flags::AnswerFlags,
    output::line,
    service::using,
};
use protocol::api::{DiffHunk, DiffQuery};

/// Shows what changed between two versions of a playbook
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The playbook's path
    path: String,
    /// The older version; the one before the other unless told
    #[arg(long, value_name = "VERSION")]
    from: Option<u32>,
    /// The newer version; the newest unless told
    #[arg(long, value_name = "VERSION")]
    to: Option<u32>,
    #[command(flatten)]
    answer: AnswerFlags,
}

/// A unified diff, for `patch` too.
pub(super) async fn diff(args: Args) -> Result<Exit, Error> {
    let query = DiffQuery { from: args.from, to: args.to };
    let diff = using(&args.answer.target, async |service| service.playbook_diff(&args.path, query).await).await?;
    if args.answer.json {
        line::json(&diff)?;
        return Ok(Exit::Done);
    }
    if diff.hunks.is_empty() {
        return Ok(Exit::Done);
    }
    line::print(format_args!("--- {} version {}", diff.path, diff.from))?;
    line::print(format_args!("+++ {} version {}", diff.path, diff.to))?;
    for hunk in &diff.hunks {
        line::print(format_args!("{}", place(hunk)))?;
        for changed in &hunk.lines {
            line::print(format_args!("{}{}", changed.kind.sign(), changed.text))?;
        }
    }
    Ok(Exit::Done)
}

/// `@@ -1,3 +1,4 @@`.
fn place(hunk: &DiffHunk) -> String {
    let side = |number: fn(&protocol::api::DiffLine) -> Option<u32>| {
        let numbers: Vec<u32> = hunk.lines.iter().filter_map(number).collect();
        format!("{},{}", numbers.first().copied().unwrap_or(0), numbers.len())
    };
    format!("@@ -{} +{} @@", side(|line| line.old), side(|line| line.new))
}
