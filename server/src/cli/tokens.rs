//! `signalbox tokens`

use super::{
    error::{Error, Exit},
    flags::{AnswerFlags, TargetFlags},
    output::{line, table},
    service::using,
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
    /// Lists tokens by name, without what they are
    List(AnswerFlags),
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
    let created = using(&args.target, async |service| service.create_token(request).await).await?;
    line::one(&created, args.json, |created| created.token.clone())?;
    Ok(Exit::Done)
}

async fn list(args: AnswerFlags) -> Result<Exit, Error> {
    let all = using(&args.target, async |service| service.tokens().await).await?;
    line::each(&all, args.json, table::token)?;
    Ok(Exit::Done)
}

async fn revoke(args: RevokeArgs) -> Result<Exit, Error> {
    using(&args.target, async |service| service.revoke_token(&args.name).await).await?;
    line::print(format_args!("{} revoked", args.name))?;
    Ok(Exit::Done)
}
