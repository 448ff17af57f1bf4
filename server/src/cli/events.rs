//! `signalbox events`

use super::{
    error::{Error, Exit},
    flags::TargetFlags,
    follow::Follow,
    output::{line, table},
    service::{Service, locate},
    stop,
};
use protocol::{Envelope, ExecutionId, Timestamp, api::EventQuery};
use std::time::{SystemTime, UNIX_EPOCH};

/// Events of a topic on one page.
const PAGE: u32 = 1_000;

/// Prints an execution's history, or whatever happens
///
/// Without an execution: the events of a topic. Unless a beginning is told, the newest of them.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The execution
    id: Option<ExecutionId>,
    /// workflow_executions, workflow:PATH, agent_states, system_alerts …; every event unless told
    #[arg(long, conflicts_with = "id")]
    topic: Option<String>,
    /// Only events of this type; several by comma
    #[arg(long = "type", value_name = "TYPE")]
    types: Option<String>,
    /// Only what belongs to this: an execution's id, or what the publisher said
    #[arg(long, value_name = "ID", conflicts_with = "id")]
    correlation_id: Option<String>,
    /// From this time on: 15m, 2h, 3d ago, a time in UTC, or milliseconds since 1970
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// Before this time
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with = "follow")]
    until: Option<Timestamp>,
    /// After this position
    #[arg(long, value_name = "POSITION", conflicts_with = "id")]
    after: Option<u64>,
    /// Up to this position
    #[arg(long, value_name = "POSITION", conflicts_with_all = ["id", "follow"])]
    through: Option<u64>,
    /// Without --since and --after: the newest so many, up to 1,000
    #[arg(long, value_name = "COUNT", default_value_t = 100, conflicts_with = "id",
        value_parser = clap::value_parser!(u32).range(1..=1_000))]
    last: u32,
    /// Wait for more; of an execution, until it has ended
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    target: TargetFlags,
    /// Print one envelope per line
    #[arg(long)]
    json: bool,
}

impl Args {
    fn query(&self) -> EventQuery {
        EventQuery {
            topic: self.topic.clone(),
            types: self.types.clone(),
            correlation_id: self.correlation_id.clone(),
            since: self.since.map(|time| time.0),
            until: self.until.map(|time| time.0),
            after: self.after,
            through: self.through,
            newest_first: false,
            limit: Some(PAGE),
        }
    }
}

fn time(text: &str) -> Result<Timestamp, String> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    Timestamp::from_words(text, now).ok_or_else(|| {
        "expected how long ago (15m, 2h, 3d), now, a time in UTC (2026-01-31 07:48) or milliseconds".to_owned()
    })
}

pub(super) async fn events(args: Args) -> Result<Exit, Error> {
    let service = locate(&args.target).await?;
    let mut signals = stop::Signals::listen()?;
    let printing = async {
        match args.id {
            Some(id) => of_execution(service.as_ref(), id, &args).await,
            None => of_topic(service.as_ref(), &args).await,
        }
    };
    let ended = tokio::select! {
        printed = printing => printed.map(|()| Exit::Done),
        () = signals.next() => Ok(Exit::Left),
    };
    service.close().await;
    ended
}

async fn of_execution(service: &dyn Service, id: ExecutionId, args: &Args) -> Result<(), Error> {
    let filter = args.query().filter();
    let mut follow = Follow::new(service, id);
    while let Some(envelope) = next(&mut follow, args.follow).await? {
        if filter.matches(&envelope) {
            print(&envelope, args.json)?;
        }
    }
    Ok(())
}

async fn next(follow: &mut Follow<'_>, waiting: bool) -> Result<Option<Envelope>, Error> {
    if waiting { follow.next().await } else { follow.next_known().await }
}

async fn of_topic(service: &dyn Service, args: &Args) -> Result<(), Error> {
    let mut query = args.query();
    if query.since.is_none() && query.after.is_none() {
        let newest = EventQuery { newest_first: true, limit: Some(args.last), ..query.clone() };
        let page = service.log(newest).await?;
        for envelope in page.events.iter().rev() {
            print(envelope, args.json)?;
        }
        if !args.follow {
            return Ok(());
        }
        query.after = Some(page.through.0);
    }
    loop {
        let page = service.log(query.clone()).await?;
        for envelope in &page.events {
            print(envelope, args.json)?;
        }
        query.after = Some(page.through.0);
        match (page.next, args.follow) {
            (Some(_), _) => {}
            (None, true) => service.news().await,
            (None, false) => return Ok(()),
        }
    }
}

fn print(envelope: &Envelope, as_json: bool) -> Result<(), Error> {
    if as_json {
        line::json(envelope)?
    } else {
        line::print(format_args!("{}", table::event(envelope)))?
    }
    Ok(())
}
