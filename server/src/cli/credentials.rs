//! `signalbox credentials`

use super::{
    credential_value,
    error::{Error, Exit},
    flags::{AnswerFlags, TargetFlags},
    output::{line, table},
    service::using,
};
use protocol::api::SetCredential;

/// Stored credentials: what `auth` of a step names. Their values are never shown
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Set(SetArgs),
    /// Lists credentials by name, without what they hold
    List(AnswerFlags),
    Rm(RmArgs),
    Rotate(RotateArgs),
}

/// Stores a credential, or another value under its name
///
/// The value comes from a prompt that does not show it, from standard input, or from a file; never from the
/// arguments, which other users can see. It is a JSON object of the credential's fields; for bearer and api_key
/// the token alone will do, for postgres a URL.
#[derive(Debug, clap::Args)]
struct SetArgs {
    /// What `auth` of a step says
    name: String,
    /// postgres, bearer, basic, header, api_key, or any other word [default: the value's `type`, else generic]
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Where the value is; - is standard input
    #[arg(long, value_name = "FILE")]
    from: Option<String>,
    /// A note for people; shown in lists
    #[arg(long, value_name = "TEXT")]
    hint: Option<String>,
    #[command(flatten)]
    target: TargetFlags,
}

/// Deletes a credential; steps that name it fail from now on
#[derive(Debug, clap::Args)]
struct RmArgs {
    name: String,
    #[command(flatten)]
    target: TargetFlags,
}

/// Seals every credential with a new key, which takes the old one's place in the key file
#[derive(Debug, clap::Args)]
struct RotateArgs {
    #[command(flatten)]
    target: TargetFlags,
}

pub(super) async fn credentials(args: Args) -> Result<Exit, Error> {
    match args.command {
        Command::Set(args) => set(args).await,
        Command::List(args) => list(args).await,
        Command::Rm(args) => remove(args).await,
        Command::Rotate(args) => rotate(args).await,
    }
}

async fn set(args: SetArgs) -> Result<Exit, Error> {
    let given = credential_value::read(&args.name, args.kind.as_deref(), args.from.as_deref())?;
    let request = SetCredential { kind: given.kind, value: given.value, hint: args.hint };
    let stored = using(&args.target, async |service| service.set_credential(&args.name, request).await).await?;
    line::print(format_args!("{} stored, type {}", stored.name, stored.kind))?;
    Ok(Exit::Done)
}

async fn list(args: AnswerFlags) -> Result<Exit, Error> {
    let all = using(&args.target, async |service| service.credentials().await).await?;
    line::each(&all, args.json, table::credential)?;
    Ok(Exit::Done)
}

async fn remove(args: RmArgs) -> Result<Exit, Error> {
    using(&args.target, async |service| service.delete_credential(&args.name).await).await?;
    line::print(format_args!("{} deleted", args.name))?;
    Ok(Exit::Done)
}

async fn rotate(args: RotateArgs) -> Result<Exit, Error> {
    let rotated = using(&args.target, async |service| service.rotate_credentials().await).await?;
    line::print(format_args!("{} sealed with the new key {}", rotated.resealed, rotated.key_id))?;
    Ok(Exit::Done)
}
