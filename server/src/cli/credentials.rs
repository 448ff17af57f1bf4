//! `signalbox credentials`

use super::{
    credential_value,
    error::{Error, Exit},
    flags::TargetFlags,
    output::{line, table},
    service::locate,
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
    List(ListArgs),
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

/// Lists credentials by name, without what they hold
#[derive(Debug, clap::Args)]
struct ListArgs {
    #[command(flatten)]
    target: TargetFlags,
    /// Print one credential per line as JSON
    #[arg(long)]
    json: bool,
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
    let service = locate(&args.target).await?;
    let stored = service.set_credential(&args.name, request).await;
    service.close().await;
    let stored = stored?;
    line::print(format_args!("{} stored, type {}", stored.name, stored.kind))?;
    Ok(Exit::Done)
}

async fn list(args: ListArgs) -> Result<Exit, Error> {
    let service = locate(&args.target).await?;
    let all = service.credentials().await;
    service.close().await;
    for credential in all? {
        if args.json {
            line::json(&credential)?;
        } else {
            line::print(format_args!("{}", table::credential(&credential)))?;
        }
    }
    Ok(Exit::Done)
}

async fn remove(args: RmArgs) -> Result<Exit, Error> {
    let service = locate(&args.target).await?;
    let removed = service.delete_credential(&args.name).await;
    service.close().await;
    removed?;
    line::print(format_args!("{} deleted", args.name))?;
    Ok(Exit::Done)
}

async fn rotate(args: RotateArgs) -> Result<Exit, Error> {
    let service = locate(&args.target).await?;
    let rotated = service.rotate_credentials().await;
    service.close().await;
    let rotated = rotated?;
    line::print(format_args!("{} sealed with the new key {}", rotated.resealed, rotated.key_id))?;
    Ok(Exit::Done)
}
