//! `signalbox tokens`

use super::{
    error::{Error, Exit},
    flags::TargetFlags,
    output::{line, table},
    service::locate,
};
use protocol::{Role, api::CreateToken};

/// API tokens: what programs and workers come in with (SIGNALBOX_TOKEN)
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Create(CreateArgs),
    List(ListArgs),
    Revoke(RevokeArgs),
}

/// Makes a token and prints it, once
#[derive(Debug, clap::Args)]
struct CreateArgs {
    /// What it is called in lists and events
    name: String,
    /// viewer, operator, admin or component
    #[arg(long, value_name = "ROLE")]
    role: Role,
    /// The step types a component may take tasks of [default: all]
    #[arg(long, value_name = "TYPE,…", value_delimiter = ',')]
    protocols: Vec<String>,
    /// How long it lasts [default: until it is revoked]
    #[arg(long, value_name = "N")]
    days: Option<u32>,
    #[command(flatten)]
    target: TargetFlags,
    /// Print it with all that is known of it as JSON
    #[arg(long)]
    json: bool,
}

/// Lists tokens by name, without what they are
#[derive(Debug, clap::Args)]
struct ListArgs {
    #[command(flatten)]
    target: TargetFlags,
    /// Print one token per line as JSON
    #[arg(long)]
    json: bool,
}

/// Revokes a token; whoever is connected with it is closed within seconds
#[derive(Debug, clap::Args)]
struct RevokeArgs {
    /// The token's name or id
    name: String,
    #[command(flatten)]
    target: TargetFlags,
}

pub(super) async fn tokens(args: Args) -> Result<Exit, Error> {
    match args.command {
        Command::Create(args) => create(args).await,
        Command::List(args) => list(args).await,
        Command::Revoke(args) => revoke(args).await,
    }
}

async fn create(args: CreateArgs) -> Result<Exit, Error> {
    let protocols = (!args.protocols.is_empty()).then_some(args.protocols);
    let request = CreateToken { name: args.name, role: args.role, protocols, expires_in_days: args.days };
    let service = locate(&args.target).await?;
    let created = service.create_token(request).await;
    service.close().await;
    let created = created?;
    if args.json {
        line::json(&created)?;
    } else {
        line::print(format_args!("{}", created.token))?;
    }
    Ok(Exit::Done)
}

async fn list(args: ListArgs) -> Result<Exit, Error> {
    let service = locate(&args.target).await?;
    let all = service.tokens().await;
    service.close().await;
    for token in all? {
        if args.json {
            line::json(&token)?;
        } else {
            line::print(format_args!("{}", table::token(&token)))?;
        }
    }
    Ok(Exit::Done)
}

async fn revoke(args: RevokeArgs) -> Result<Exit, Error> {
    let service = locate(&args.target).await?;
    let revoked = service.revoke_token(&args.name).await;
    service.close().await;
    revoked?;
    line::print(format_args!("{} revoked", args.name))?;
    Ok(Exit::Done)
}
