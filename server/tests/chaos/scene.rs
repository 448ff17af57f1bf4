//! The processes and the database, and the blows they take.

use crate::support::signalbox;
use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command},
};
use store::conformance::cluster::Cluster;

/// The processes, and who strikes them.
pub(super) struct Scene {
    pub(super) cluster: Cluster,
    folder: PathBuf,
    ports: [u16; 2],
    servers: [Option<Child>; 2],
    workers: [Option<Child>; 2],
    pub(super) blows: u64,
}

impl Scene {
    pub(super) fn new(folder: &Path) -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let mut scene = Self {
            cluster: Cluster::start(),
            folder: folder.to_owned(),
            ports: [free(), free()],
            servers: [None, None],
            workers: [None, None],
            blows: 0,
        };
        scene.raise();
        scene
    }

    pub(super) fn url(&self, server: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[server])
    }

    fn command(&self, name: &str) -> Command {
        let mut command = signalbox(&self.folder);
        let log =
            File::options().create(true).append(true).open(self.folder.join(format!("{name}.log"))).expect("a log");
        command.stdout(log.try_clone().expect("a log")).stderr(log);
        command.env("SIGNALBOX_LOG", "warn");
        command
    }

    /// Starts what does not run.
    fn raise(&mut self) {
        for index in 0..2 {
            if !runs(&mut self.servers[index]) {
                let mut command = self.command(&format!("server-{index}"));
                command.args(["serve", "--listen", &format!("127.0.0.1:{}", self.ports[index]), "--store"]);
                command.arg(self.cluster.url()).arg("--data").arg(self.folder.join(format!("server-{index}")));
                self.servers[index] = Some(command.spawn().expect("the server starts"));
            }
            if !runs(&mut self.workers[index]) {
                let mut command = self.command(&format!("worker-{index}"));
                command.args(["worker", "--types", "noop,python", "--server", &self.url(index), "--data"]);
                command.arg(self.folder.join(format!("worker-{index}")));
                self.workers[index] = Some(command.spawn().expect("the worker starts"));
            }
        }
    }

    /// One blow, and whoever fell stands up again.
    pub(super) fn strike(&mut self, what: u64, whom: usize) {
        self.blows += 1;
        match what {
            0..=3 => kill(&mut self.servers[whom]),
            4..=7 => kill(&mut self.workers[whom]),
            8 => self.cluster.restart(),
            _ => self.cluster.crash(),
        }
        self.raise();
    }

    pub(super) fn end(&mut self) {
        for child in self.servers.iter_mut().chain(&mut self.workers) {
            kill(child);
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.end();
    }
}

fn runs(child: &mut Option<Child>) -> bool {
    child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
}

/// SIGKILL: no handler runs, nothing is flushed.
fn kill(child: &mut Option<Child>) {
    if let Some(mut child) = child.take() {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// The ends of what the processes said.
pub(super) fn logs(folder: &Path) -> String {
    let mut all = String::new();
    for name in ["server-0", "server-1", "worker-0", "worker-1"] {
        let text = std::fs::read_to_string(folder.join(format!("{name}.log"))).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        all.push_str(&format!("--- {name}\n{}\n", lines[lines.len().saturating_sub(25)..].join("\n")));
    }
    all
}
