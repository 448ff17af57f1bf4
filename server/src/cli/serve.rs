//! `signalbox serve`

use super::{
    error::{Error, Exit},
    flags::LocalFlags,
    stop,
};
use crate::{
    Config, Server,
    config::{Layer, unknown_variables},
};
use std::{io::Write, pin::pin, time::Duration};
use tokio::{
    net::TcpListener,
    sync::oneshot,
    time::{Instant, sleep},
};

/// How long a watched server waits for the one before it to leave port and folder, and how often it looks.
const PREDECESSOR: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Serves REST, pages and the WebSocket until SIGTERM or Ctrl-C
///
/// Prints one line with the URL when it is ready.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Args {
    /// Where to listen; off loopback only with users or JWT, and behind a proxy [env: SIGNALBOX_LISTEN] [default: 127.0.0.1:9999]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Other host names to answer to, NAME or NAME:PORT [env: SIGNALBOX_HOSTS]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    hosts: Vec<String>,
    /// `required`: also who is at this machine proves who they are [env: SIGNALBOX_AUTH] [default: local]
    #[arg(long, value_name = "local|required")]
    auth: Option<String>,
    /// The proxies that end TLS before this server, addresses or networks [env: SIGNALBOX_PROXY]
    #[arg(long, value_name = "ADDRESS,…", value_delimiter = ',')]
    proxy: Vec<String>,
    /// What joins this server with others on the same PostgreSQL [env: SIGNALBOX_BUS] [default: memory]
    #[arg(long, value_name = "memory|redis://…")]
    bus: Option<String>,
    /// Which roles this process plays [env: SIGNALBOX_ROLES] [default: all]
    #[arg(long, value_name = "all", value_delimiter = ',')]
    roles: Vec<String>,
    /// The hub of another process [env: SIGNALBOX_HUB]
    #[arg(long, value_name = "URL")]
    hub: Option<String>,
    /// Step types whose work is done in this process; tasks of others wait for `signalbox worker`
    /// [env: SIGNALBOX_PROVIDERS] [default: all]
    #[arg(long, value_name = "all|none|TYPE,…", value_delimiter = ',')]
    providers: Vec<String>,
    /// The same as --providers none
    #[arg(long, conflicts_with = "providers")]
    no_local_providers: bool,
    #[command(flatten)]
    local: LocalFlags,
}

pub(super) async fn serve(args: Args) -> Result<Exit, Error> {
    let config = Config::read(&args.local.gather(args.layer(), "info")?)?;
    for name in unknown_variables(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())) {
        tracing::warn!("the environment variable {name} means nothing to this program");
    }
    let mut signals = stop::Signals::listen()?;
    let server = tokio::select! {
        opened = open(&config) => opened?,
        () = signals.next() => return Ok(Exit::Done),
    };
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", server.url())?;
    stdout.flush()?;
    let (stop, asked) = oneshot::channel();
    let mut serving = pin!(server.run(async move {
        let _ = asked.await;
    }));
    tokio::select! {
        () = &mut serving => return Ok(Exit::Done),
        () = signals.next() => {}
    }
    let _ = stop.send(());
    tokio::select! {
        () = &mut serving => Ok(Exit::Done),
        () = signals.next() => {
            tracing::warn!("asked twice: leaving without finishing");
            Ok(Exit::Left)
        }
    }
}

/// Under `cargo leptos watch` the server before this one may still be going away.
async fn open(config: &Config) -> Result<Server, Error> {
    let is_watched = config.site.reload_port.is_some();
    let deadline = Instant::now() + if is_watched { PREDECESSOR } else { Duration::ZERO };
    loop {
        match try_open(config).await {
            Err(_) if Instant::now() < deadline => sleep(LOOK_AGAIN).await,
            opened => return opened,
        }
    }
}

async fn try_open(config: &Config) -> Result<Server, Error> {
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| Error::failed(format!("cannot listen on {}: {error}", config.listen)))?;
    Ok(Server::open(config, listener).await?)
}

impl Args {
    fn layer(&self) -> Layer {
        let list = |items: &Vec<String>| (!items.is_empty()).then(|| items.clone());
        Layer {
            listen: self.listen.clone(),
            hosts: list(&self.hosts),
            auth: self.auth.clone(),
            proxy: list(&self.proxy),
            bus: self.bus.clone(),
            roles: list(&self.roles),
            hub: self.hub.clone(),
            providers: if self.no_local_providers { Some(vec!["none".to_owned()]) } else { list(&self.providers) },
            ..self.local.layer()
        }
    }
}
