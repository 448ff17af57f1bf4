//! `signalbox users`

use super::{
    error::{Error, Exit},
    flags::{AnswerFlags, TargetFlags},
    output::{line, table},
    service::using,
};
use console::Term;
use protocol::{
    Role,
    api::{AddUser, SetPassword},
};
use std::io::{IsTerminal, Read, Write, stdin};

/// People who may sign in. Passwords come from a prompt or standard input, never from the arguments
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Add(AddArgs),
    /// Lists users by name
    List(AnswerFlags),
    Remove(NameArgs),
    Password(PasswordArgs),
}

/// Adds a user; the password is asked for, or read from standard input
#[derive(Debug, clap::Args)]
struct AddArgs {
    name: String,
    /// viewer, operator or admin
    #[arg(long, value_name = "ROLE")]
    role: Role,
    #[command(flatten)]
    target: TargetFlags,
}

/// Removes a user, with their sessions and the tokens they made
#[derive(Debug, clap::Args)]
struct NameArgs {
    name: String,
    #[command(flatten)]
    target: TargetFlags,
}

/// Sets a password; who is signed in as the user is so no more
#[derive(Debug, clap::Args)]
struct PasswordArgs {
    name: String,
    #[command(flatten)]
    target: TargetFlags,
}

pub(super) async fn users(args: Args) -> Result<Exit, Error> {
    match args.command {
        Command::Add(args) => add(args).await,
        Command::List(args) => list(args).await,
        Command::Remove(args) => remove(args).await,
        Command::Password(args) => password(args).await,
    }
}

async fn add(args: AddArgs) -> Result<Exit, Error> {
    let request = AddUser { name: args.name, role: args.role, password: read()? };
    let added = using(&args.target, async |service| service.add_user(request).await).await?;
    line::print(format_args!("{} added, {}", added.name, added.role))?;
    Ok(Exit::Done)
}

async fn list(args: AnswerFlags) -> Result<Exit, Error> {
    let all = using(&args.target, async |service| service.users().await).await?;
    line::each(&all, args.json, table::user)?;
    Ok(Exit::Done)
}

async fn remove(args: NameArgs) -> Result<Exit, Error> {
    using(&args.target, async |service| service.remove_user(&args.name).await).await?;
    line::print(format_args!("{} removed", args.name))?;
    Ok(Exit::Done)
}

async fn password(args: PasswordArgs) -> Result<Exit, Error> {
    let request = SetPassword { password: read()?, current: None };
    using(&args.target, async |service| service.set_password(&args.name, request).await).await?;
    line::print(format_args!("the password of {} is set", args.name))?;
    Ok(Exit::Done)
}

/// Without the line's end.
fn read() -> Result<String, Error> {
    if !stdin().is_terminal() {
        let mut text = String::new();
        stdin().read_to_string(&mut text).map_err(|error| Error::bad_input(format!("standard input: {error}")))?;
        return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
    }
    let term = Term::stderr();
    let ask = |what: &str| write!(&term, "{what} (not shown): ").and_then(|()| term.read_secure_line());
    let failed = |error: std::io::Error| Error::failed(format!("the terminal: {error}"));
    let password = ask("Password").map_err(failed)?;
    if ask("Once more").map_err(failed)? != password {
        return Err(Error::bad_input("the two differ; nothing was changed"));
    }
    Ok(password)
}
