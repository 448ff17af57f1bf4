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
use std::{io::Write, pin::pin};
use tokio::{net::TcpListener, sync::oneshot};

/// Serves REST, pages and the WebSocket until SIGTERM or Ctrl-C
///
/// Prints one line with the URL when it is ready.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Args {
    /// Where to listen; loopback only in this version [env: SIGNALBOX_LISTEN] [default: 127.0.0.1:9999]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Another host name to answer to, NAME or NAME:PORT; may be repeated [env: SIGNALBOX_HOSTS]
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// What carries wake-ups between hub nodes [env: SIGNALBOX_BUS] [default: memory]
    #[arg(long, value_name = "memory")]
    bus: Option<String>,
    /// Which roles this process plays [env: SIGNALBOX_ROLES] [default: all]
    #[arg(long, value_name = "all", value_delimiter = ',')]
    roles: Vec<String>,
    /// The hub of another process [env: SIGNALBOX_HUB]
    #[arg(long, value_name = "URL")]
    hub: Option<String>,
    #[command(flatten)]
    local: LocalFlags,
}

pub(super) async fn serve(args: Args) -> Result<Exit, Error> {
    let config = Config::read(&args.local.gather(args.layer(), "info")?)?;
    for name in unknown_variables(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())) {
        tracing::warn!("the environment variable {name} means nothing to this program");
    }
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| Error::failed(format!("cannot listen on {}: {error}", config.listen)))?;
    let mut signals = stop::Signals::listen()?;
    let server = Server::open(&config, listener).await?;
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

impl Args {
    fn layer(&self) -> Layer {
        let list = |items: &Vec<String>| (!items.is_empty()).then(|| items.clone());
        Layer {
            listen: self.listen.clone(),
            hosts: list(&self.hosts),
            bus: self.bus.clone(),
            roles: list(&self.roles),
            hub: self.hub.clone(),
            ..self.local.layer()
        }
    }
}
