//! `signalbox validate`

use super::{
    error::{Error, Exit},
    flags::LocalFlags,
    output::{diagnostics, line},
    source,
};
use crate::{Wiring, config::Tools};
use protocol::diagnostic::Level;

/// Says everything that is wrong with a playbook file; exit code 2 when it cannot be registered
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The playbook; `-` is standard input
    file: String,
    #[command(flatten)]
    local: LocalFlags,
    /// Print {"valid","diagnostics"} as one line of JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn validate(args: Args) -> Result<Exit, Error> {
    let source = source::read(&args.file)?;
    let sources = args.local.gather(args.local.layer(), "warn")?;
    let wiring = Wiring::scratch(&Tools::read(&sources)?).await?;
    let validation = wiring.api().validate_playbook(&source).await;
    wiring.close().await;
    let validation = validation?;
    if args.json {
        line::json(&validation)?;
    } else {
        diagnostics::show(&args.file, &source, &validation.diagnostics);
        let of = |level| validation.diagnostics.iter().filter(|diagnostic| diagnostic.level == level).count();
        let told: String = [(of(Level::Error), "error"), (of(Level::Warning), "warning")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!(", {}", diagnostics::count(count, what)))
            .collect();
        line::print(format_args!("{}: {}{told}", args.file, if validation.valid { "valid" } else { "not valid" }))?;
    }
    Ok(if validation.valid { Exit::Done } else { Exit::BadInput })
}
