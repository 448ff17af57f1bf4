//! The command line. One file per command; [`service`] is how they reach a server or the store itself, `output`
//! is what they print.
//!
//! Exit codes: 0 done (and, for `run`, completed), 1 failed or cancelled, 2 bad input, 130 left with a second
//! Ctrl-C.

mod approvals;
mod approve;
mod backup;
mod bulk;
mod cancel;
mod credential_value;
mod credentials;
mod diff;
mod error;
mod events;
mod flags;
mod follow;
mod list;
mod order;
mod output;
mod pause;
mod prune;
mod publish;
mod rebuild;
mod register;
mod rerun;
mod restore;
mod resume;
mod run;
mod schedules;
mod serve;
mod service;
mod show;
mod signal;
mod source;
mod stop;
mod terminate;
mod tokens;
mod upkeep;
mod users;
mod validate;
mod worker;
mod workers;

use clap::{Parser, Subcommand};
use error::{Error, Exit};
use std::process::ExitCode;
use std::time::Duration;

/// Runs AI-agent workflows and shows them live.
#[derive(Debug, Parser)]
#[command(name = "signalbox", version, arg_required_else_help = false)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    Validate(validate::Args),
    Register(register::Args),
    Diff(diff::Args),
    Run(run::Args),
    Events(events::Args),
    Cancel(cancel::Args),
    Terminate(terminate::Args),
    Pause(pause::Args),
    Resume(resume::Args),
    Signal(signal::Args),
    Rerun(rerun::Args),
    Bulk(bulk::Args),
    Approvals(approvals::Args),
    Approve(approve::Args),
    Schedules(schedules::Args),
    List(list::Args),
    Show(show::Args),
    Publish(publish::Args),
    Credentials(credentials::Args),
    Users(users::Args),
    Tokens(tokens::Args),
    Worker(worker::Args),
    Workers(workers::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Prune(prune::Args),
    Rebuild(rebuild::Args),
}

/// The whole program.
pub fn main() -> ExitCode {
    let command = match Cli::parse().command {
        Some(command) => command,
        // `cargo leptos watch` starts the binary without arguments.
        None if std::env::var_os("LEPTOS_SITE_ADDR").is_some() => Command::Serve(serve::Args::default()),
        None => {
            let _ = <Cli as clap::CommandFactory>::command().print_help();
            return Exit::BadInput.into();
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Error::failed(format!("no threads to run on: {error}")).report(),
    };
    let ended = runtime.block_on(run(command));
    // What is still running on a blocking thread is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    match ended {
        Ok(exit) => exit.into(),
        Err(error) => error.report(),
    }
}

async fn run(command: Command) -> Result<Exit, Error> {
    match command {
        Command::Serve(args) => serve::serve(args).await,
        Command::Validate(args) => validate::validate(args).await,
        Command::Register(args) => register::register(args).await,
        Command::Diff(args) => diff::diff(args).await,
        Command::Run(args) => run::run(args).await,
        Command::Events(args) => events::events(args).await,
        Command::Cancel(args) => cancel::cancel(args).await,
        Command::Terminate(args) => terminate::terminate(args).await,
        Command::Pause(args) => pause::pause(args).await,
        Command::Resume(args) => resume::resume(args).await,
        Command::Rerun(args) => rerun::rerun(args).await,
        Command::Bulk(args) => bulk::bulk(args).await,
        Command::Signal(args) => signal::signal(args).await,
        Command::Approvals(args) => approvals::approvals(args).await,
        Command::Approve(args) => approve::approve(args).await,
        Command::Schedules(args) => schedules::schedules(args).await,
        Command::List(args) => list::list(args).await,
        Command::Show(args) => show::show(args).await,
        Command::Publish(args) => publish::publish(args).await,
        Command::Credentials(args) => credentials::credentials(args).await,
        Command::Users(args) => users::users(args).await,
        Command::Tokens(args) => tokens::tokens(args).await,
        Command::Worker(args) => worker::worker(args).await,
        Command::Workers(args) => workers::workers(args).await,
        Command::Backup(args) => backup::backup(args).await,
        Command::Restore(args) => restore::restore(args).await,
        Command::Prune(args) => prune::prune(args).await,
        Command::Rebuild(args) => rebuild::rebuild(args).await,
    }
}
