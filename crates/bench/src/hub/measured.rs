//! What is measured: the product's server, or a peer's, alone on its core.

use super::{
    cores::{self, Used},
    crowd::Crowd,
    dialect::Dialect,
    publisher::{Publisher, Way},
};
use crate::engine::{Place, Started};
use anyhow::{Context, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use std::{net::SocketAddr, path::PathBuf, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// A server that does not start or stop by then has failed.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Measured {
    child: Child,
    pub(super) dialect: Dialect,
    pub(super) address: SocketAddr,
    pub(super) process: u32,
    /// Of a peer.
    pub(super) version: String,
}

impl Measured {
    /// The product, on what the place holds.
    pub(super) async fn product(place: &Place) -> anyhow::Result<Self> {
        cores::pin(cores::SERVER)?;
        let started = Started::server(place, &[]).await;
        cores::pin(cores::CLIENTS)?;
        let started = started?;
        let address = started.url.strip_prefix("http://").context("a URL")?.parse()?;
        Self::of(started.child, Dialect::Signalbox, address, String::new())
    }

    /// A peer: `SIGNALBOX_BENCH_REALTIME` is the folder of `peer.mjs`, its packages installed.
    pub(super) async fn peer(dialect: Dialect) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct Ready {
            port: u16,
            version: String,
        }
        let folder = std::env::var_os("SIGNALBOX_BENCH_REALTIME").map(PathBuf::from);
        let folder =
            folder.context("SIGNALBOX_BENCH_REALTIME names the folder of peer.mjs: `cargo xtask bench` sets it")?;
        cores::pin(cores::SERVER)?;
        let spawned = Command::new("node")
            .args(["peer.mjs", if dialect == Dialect::SocketIo { "socket.io" } else { "ws" }])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        cores::pin(cores::CLIENTS)?;
        let mut child = spawned.context("starting node")?;
        let mut lines = BufReader::new(child.stdout.take().context("stdout is piped")?).lines();
        let line = timeout(PATIENCE, lines.next_line()).await.context("the peer did not start")??;
        let ready: Ready = serde_json::from_str(&line.context("the peer ended; what it said is above")?)?;
        Self::of(child, dialect, SocketAddr::from(([127, 0, 0, 1], ready.port)), ready.version)
    }

    fn of(child: Child, dialect: Dialect, address: SocketAddr, version: String) -> anyhow::Result<Self> {
        let process = child.id().context("the server runs")?;
        Ok(Self { child, dialect, address, process, version })
    }

    pub(super) fn crowd(&self, clients: usize) -> anyhow::Result<Crowd> {
        let mut crowd = Crowd::new(self.dialect, self.address)?;
        crowd.join(clients)?;
        Ok(crowd)
    }

    pub(super) fn publisher(&self, way: Way) -> anyhow::Result<Publisher> {
        Publisher::start(self.dialect, way, self.address)
    }

    pub(super) fn used(&self) -> anyhow::Result<Used> {
        cores::used_by(self.process)
    }

    /// SIGKILL.
    pub(super) async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await?;
        Ok(())
    }

    /// SIGTERM; the server takes its time to send everybody away.
    pub(super) fn terminate(&self) -> anyhow::Result<()> {
        let process = i32::try_from(self.process).ok().and_then(Pid::from_raw).context("a process")?;
        kill_process(process, Signal::TERM).context("SIGTERM")
    }

    pub(super) async fn ended(mut self) -> anyhow::Result<()> {
        let status = timeout(PATIENCE, self.child.wait()).await.context("the server does not end")??;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}
