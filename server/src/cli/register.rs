//! `signalbox register`

use super::{
    error::{Error, Exit},
    flags::AnswerFlags,
    output::{diagnostics, line},
    service::{Service, locate},
    source,
};
use protocol::api::Registered;

/// Registers a playbook file as a new version
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The playbook; `-` is standard input
    file: String,
    #[command(flatten)]
    answer: AnswerFlags,
}

pub(super) async fn register(args: Args) -> Result<Exit, Error> {
    let source = source::read(&args.file)?;
    let service = locate(&args.answer.target).await?;
    let registered = register_on(service.as_ref(), &args.file, &source).await;
    service.close().await;
    let registered = registered?;
    line::one(&registered, args.answer.json, |registered| {
        let what = if registered.created { "registered" } else { "unchanged" };
        format!("{} version {} {what}", registered.path, registered.version)
    })?;
    Ok(Exit::Done)
}

/// Registers, and shows on stderr what is to be said about the source.
pub(super) async fn register_on(service: &dyn Service, file: &str, source: &str) -> Result<Registered, Error> {
    match service.register(source).await {
        Ok(registered) => {
            diagnostics::show(file, source, &registered.diagnostics);
            Ok(registered)
        }
        Err(mut problem) => {
            diagnostics::show(file, source, &std::mem::take(&mut problem.diagnostics));
            Err(problem.into())
        }
    }
}
