//! `signalbox schedules`

use super::{
    error::{Error, Exit},
    flags::AnswerFlags,
    output::{line, table},
    service::{Service, locate},
    source,
};
use clap::{Subcommand, ValueEnum};
use protocol::api::{CatchUp, Overlap, ScheduleQuery, ScheduleRequest};

/// Executions that start by the clock: lists, puts, pauses and runs schedules
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lists schedules, by name
    List(List),
    /// Shows one with its next times
    Show(One),
    /// Puts a schedule, new or not
    Put(Box<Put>),
    /// Takes one away; executions it started go on
    Delete(One),
    /// It fires no more until it is resumed
    Pause(One),
    /// It fires again from the next time on
    Resume(One),
    /// Starts an execution as the schedule would now
    Run(One),
}

#[derive(Debug, clap::Args)]
struct List {
    /// Of this playbook
    #[arg(long)]
    path: Option<String>,
    #[command(flatten)]
    answer: AnswerFlags,
}

#[derive(Debug, clap::Args)]
struct One {
    /// The schedule; of one that stands in a playbook: PATH:NAME
    name: String,
    #[command(flatten)]
    answer: AnswerFlags,
}

#[derive(Debug, clap::Args)]
struct Put {
    /// Letters, digits, `_`, `-` and `.`
    name: String,
    /// The playbook it starts
    path: String,
    /// Minute, hour, day of the month, month, day of the week: "0 6 * * MON-FRI"
    #[arg(long)]
    cron: String,
    /// A name of the IANA database
    #[arg(long, default_value = "UTC")]
    timezone: String,
    /// What happens when the last execution still runs
    #[arg(long, value_enum, default_value_t)]
    overlap: OverlapFlag,
    /// What becomes of times at which no server ran
    #[arg(long, value_enum, default_value_t)]
    catch_up: CatchUpFlag,
    /// The input of each execution, an object; @FILE reads it from a file, @- from standard input
    #[arg(long, value_name = "JSON|@FILE")]
    input: Option<String>,
    /// The version of the playbook; the newest when it fires unless told
    #[arg(long)]
    version: Option<u32>,
    /// Put it, and let it fire when it is resumed
    #[arg(long)]
    paused: bool,
    #[command(flatten)]
    answer: AnswerFlags,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum OverlapFlag {
    /// Both run
    #[default]
    Allow,
    /// This time is left out
    Skip,
    /// This time waits for the other one's end
    Queue,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum CatchUpFlag {
    #[default]
    None,
    /// The last of them is fired
    Last,
    /// All are, the newest 100 at most
    All,
}

pub(super) async fn schedules(args: Args) -> Result<Exit, Error> {
    let answer = match &args.what {
        What::List(List { answer, .. }) => answer,
        What::Put(put) => &put.answer,
        What::Show(one) | What::Delete(one) | What::Pause(one) | What::Resume(one) | What::Run(one) => &one.answer,
    };
    let (json, service) = (answer.json, locate(&answer.target).await?);
    let done = on(service.as_ref(), args.what, json).await;
    service.close().await;
    done.map(|()| Exit::Done)
}

async fn on(service: &dyn Service, what: What, json: bool) -> Result<(), Error> {
    match what {
        What::List(List { path, .. }) => {
            line::each(&service.schedules(ScheduleQuery { path }).await?.schedules, json, table::schedule)?;
        }
        What::Show(One { name, .. }) => line::one(&service.schedule(&name).await?, json, |schedule| {
            let mut text = table::schedule(schedule);
            for time in &schedule.upcoming {
                text.push_str(&format!("\n  {}", &time.to_rfc3339()[..19]));
            }
            text
        })?,
        What::Put(put) => {
            let name = put.name.clone();
            line::one(&service.put_schedule(&name, put.request()?).await?, json, table::schedule)?;
        }
        What::Delete(One { name, .. }) => {
            service.delete_schedule(&name).await?;
            line::print(format_args!("{name} deleted"))?;
        }
        What::Pause(One { name, .. }) => {
            line::one(&service.pause_schedule(&name).await?, json, |_| format!("{name} paused"))?;
        }
        What::Resume(One { name, .. }) => line::one(&service.resume_schedule(&name).await?, json, table::schedule)?,
        What::Run(One { name, .. }) => {
            line::one(&service.run_schedule(&name).await?, json, |submitted| submitted.execution_id.to_string())?;
        }
    }
    Ok(())
}

impl Put {
    fn request(self) -> Result<ScheduleRequest, Error> {
        Ok(ScheduleRequest {
            name: None,
            path: self.path,
            version: self.version,
            cron: self.cron,
            timezone: Some(self.timezone),
            overlap: match self.overlap {
                OverlapFlag::Allow => Overlap::Allow,
                OverlapFlag::Skip => Overlap::Skip,
                OverlapFlag::Queue => Overlap::Queue,
            },
            catch_up: match self.catch_up {
                CatchUpFlag::None => CatchUp::None,
                CatchUpFlag::Last => CatchUp::Last,
                CatchUpFlag::All => CatchUp::All,
            },
            input: self.input.as_deref().map(source::input).transpose()?,
            paused: self.paused.then_some(true),
        })
    }
}
