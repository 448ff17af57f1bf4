//! The real binary: how long until it serves, and what it holds when nothing happens.

use super::place::Place;
use crate::conditions::resident_mib;
use anyhow::{Context, bail, ensure};
use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::{sleep, timeout},
};

const READY_LIMIT: Duration = Duration::from_secs(20);
/// What start-up left to do is done by then.
const SETTLED: Duration = Duration::from_secs(1);

pub(crate) struct Boot {
    pub(crate) ready_ms: f64,
    pub(crate) rss_mib: f64,
}

/// `SIGNALBOX_BIN` names the binary.
pub(crate) async fn run(place: &Place) -> anyhow::Result<Boot> {
    let binary = std::env::var_os("SIGNALBOX_BIN").context("SIGNALBOX_BIN names the signalbox to start")?;
    let began = Instant::now();
    let mut server = Command::new(&binary)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(place.folder().join("data"))
        .env("SIGNALBOX_STORE", place.url())
        .env_remove("SIGNALBOX_BIN")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("starting {}", Path::new(&binary).display()))?;
    let mut lines = BufReader::new(server.stdout.take().context("stdout is piped")?).lines();
    let ready = timeout(READY_LIMIT, async {
        while let Some(line) = lines.next_line().await? {
            if line.contains("http://") {
                return Ok(());
            }
        }
        bail!("the server ended before it was ready")
    });
    ready.await.context("the server said no URL in time")??;
    let ready_ms = began.elapsed().as_secs_f64() * 1000.0;
    sleep(SETTLED).await;
    let rss_mib = resident_mib(server.id().context("the server runs")?);
    ensure!(rss_mib > 0.0, "the system does not tell what the server holds");
    server.kill().await?;
    Ok(Boot { ready_ms, rss_mib })
}
