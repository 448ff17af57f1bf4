//! `signalbox worker`

use super::{
    error::{Error, Exit},
    flags::LocalFlags,
    stop,
};
use crate::config::{LocalConfig, Providers};
use std::{
    io::Write,
    path::PathBuf,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio::sync::oneshot;
use worker::{Worker, WorkerError};

/// Longest drain that can be asked for: a week.
const LONGEST_DRAIN_S: u64 = 7 * 24 * 60 * 60;

/// Takes tasks of a server and does their work, until SIGTERM or Ctrl-C
///
/// SIGNALBOX_TOKEN proves who it is, where the server asks: a token of role component.
/// Prints one line when the server has taken it in. When asked to leave it finishes what it has.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The server
    #[arg(long, value_name = "URL", env = "SIGNALBOX_SERVER", default_value = "http://127.0.0.1:9999")]
    server: String,
    /// What people call it [default: the name of this machine]
    #[arg(long)]
    name: Option<String>,
    /// The step types it takes [default: all it can do]
    #[arg(long, value_name = "TYPE,…", value_delimiter = ',')]
    types: Vec<String>,
    /// At most so many tasks of each type at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    concurrency: Option<u16>,
    /// How long work may go on when it is asked to leave; then it is given to others
    #[arg(long, value_name = "SECONDS", default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(0..=LONGEST_DRAIN_S))]
    drain: u64,
    /// Where files of `sqlite` and `python` steps are [env: SIGNALBOX_DATA] [default: as of a server]
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// The configuration file [env: SIGNALBOX_CONFIG] [default: signalbox.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What to log to stderr: error, warn, info, debug, or TARGET=LEVEL,… [env: SIGNALBOX_LOG, RUST_LOG]
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
}

pub(super) async fn worker(args: Args) -> Result<Exit, Error> {
    let local = LocalFlags { data: args.data.clone(), store: None, config: args.config.clone(), log: args.log.clone() };
    let LocalConfig { data, mut tools, .. } = LocalConfig::read(&local.gather(local.layer(), "info")?)?;
    if !args.types.is_empty() {
        tools.providers = Providers::parse(&args.types).map_err(|why| Error::bad_input(format!("--types: {why}")))?;
    }
    let mut signals = stop::Signals::listen()?;
    let (leave, asked) = oneshot::channel::<()>();
    let mut working = pin!(build(&args).providers(tools.providers(&data, None)).run(async move {
        // Dropped when this function is left, and then nobody polls this.
        let _ = asked.await;
    }));
    tokio::select! {
        ended = &mut working => return ended.map(|()| Exit::Done).map_err(Error::from),
        () = signals.next() => {}
    }
    let _ = leave.send(());
    tokio::select! {
        ended = &mut working => ended.map(|()| Exit::Done).map_err(Error::from),
        () = signals.next() => {
            tracing::warn!("asked twice: leaving without finishing");
            Ok(Exit::Left)
        }
    }
}

fn build(args: &Args) -> Worker {
    let (server, was_said) = (args.server.clone(), AtomicBool::new(false));
    let worker = Worker::connect(&args.server)
        .name(args.name.clone().unwrap_or_else(machine))
        .version(concat!("signalbox ", env!("CARGO_PKG_VERSION")))
        .drain_within(Duration::from_secs(args.drain))
        .on_joined(move |name| {
            if !was_said.swap(true, Ordering::Relaxed) {
                let mut stdout = std::io::stdout();
                // A reader that went away does not stop the work.
                let _ = writeln!(stdout, "joined {server} as {name}").and_then(|()| stdout.flush());
            }
        });
    let token = std::env::var("SIGNALBOX_TOKEN").ok().filter(|token| !token.is_empty());
    let worker = match token {
        Some(token) => worker.token(token.trim()),
        None => worker,
    };
    match args.concurrency {
        Some(concurrency) => worker.concurrency(usize::from(concurrency)),
        None => worker,
    }
}

fn machine() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "worker".to_owned() } else { name }
}

impl From<WorkerError> for Error {
    fn from(error: WorkerError) -> Self {
        match error {
            WorkerError::Address(_) | WorkerError::NoProvider => Self::bad_input(error),
            _ => Self::failed(error),
        }
    }
}
