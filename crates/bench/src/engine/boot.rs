//! The real binary: how long until it serves, and what it holds when nothing happens.

use super::place::Place;
use crate::conditions::resident_mib;
use anyhow::{Context, bail, ensure};
use std::{
    ffi::OsString,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::{sleep, timeout},
};

const READY_LIMIT: Duration = Duration::from_secs(20);
/// What start-up left to do is done by then.
const SETTLED: Duration = Duration::from_secs(1);

pub(crate) struct Boot {
    pub(crate) ready_ms: f64,
    pub(crate) rss_mib: f64,
}

/// A server of our own, killed with this.
pub(crate) struct Started {
    pub(crate) child: Child,
    pub(crate) binary: OsString,
    /// `http://127.0.0.1:PORT`
    pub(crate) url: String,
    pub(crate) ready_ms: f64,
}

impl Started {
    /// `SIGNALBOX_BIN` names the binary.
    pub(crate) async fn server(place: &Place, args: &[&str]) -> anyhow::Result<Self> {
        let binary = std::env::var_os("SIGNALBOX_BIN").context("SIGNALBOX_BIN names the signalbox to start")?;
        let began = Instant::now();
        let mut child = Command::new(&binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(place.folder().join("data"))
            .args(args)
            .env("SIGNALBOX_STORE", place.url())
            .env_remove("SIGNALBOX_BIN")
            // One program publishes for thousands here.
            .env("SIGNALBOX_PUBLISH_RATE", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", Path::new(&binary).display()))?;
        let mut lines = BufReader::new(child.stdout.take().context("stdout is piped")?).lines();
        let ready = timeout(READY_LIMIT, async {
            while let Some(line) = lines.next_line().await? {
                if let Some(at) = line.find("http://") {
                    let url = line[at..].split_whitespace().next().unwrap_or_default();
                    return Ok(url.trim_end_matches('/').to_owned());
                }
            }
            bail!("the server ended before it was ready")
        });
        let url = ready.await.context("the server said no URL in time")??;
        Ok(Self { child, binary, url, ready_ms: began.elapsed().as_secs_f64() * 1000.0 })
    }
}

pub(crate) async fn run(place: &Place) -> anyhow::Result<Boot> {
    let mut server = Started::server(place, &[]).await?;
    sleep(SETTLED).await;
    let rss_mib = resident_mib(server.child.id().context("the server runs")?);
    ensure!(rss_mib > 0.0, "the system does not tell what the server holds");
    server.child.kill().await?;
    Ok(Boot { ready_ms: server.ready_ms, rss_mib })
}
