//! The real server without providers, a worker process beside it over the socket, and a client.

use super::{
    boot::Started,
    house::quantile,
    place::Place,
    playbooks::{self, CHAIN, CHAIN_STEPS},
};
use crate::conditions::resident_mib;
use anyhow::{Context, bail, ensure};
use futures::{SinkExt, StreamExt, stream::FuturesUnordered};
use protocol::{
    Event, ExecutionId,
    event::WorkflowStatus,
    frame::{ClientFrame, ServerFrame, TopicRequest},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
    time::timeout,
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

/// A worker that has not joined by then has failed; so has a server that says nothing for so long.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Remote {
    server: Started,
    worker: Child,
}

/// What one round came to.
pub(crate) struct Figures {
    pub(crate) steps: u64,
    pub(crate) took: Duration,
    /// Median from the submission, as its client sees it.
    pub(crate) execution_ms: f64,
    pub(crate) server_rss_mib: f64,
    pub(crate) worker_rss_mib: f64,
}

impl Remote {
    pub(crate) async fn start(place: &Place) -> anyhow::Result<Self> {
        let server = Started::server(place, &["--no-local-providers"]).await?;
        let mut worker = Command::new(&server.binary)
            .args(["worker", "--types", "noop", "--concurrency", "64", "--server", &server.url, "--data"])
            .arg(place.folder().join("worker"))
            .env_remove("SIGNALBOX_BIN")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("starting the worker")?;
        let mut lines = BufReader::new(worker.stdout.take().context("stdout is piped")?).lines();
        let joined = timeout(PATIENCE, lines.next_line()).await.context("the worker did not join in time")??;
        ensure!(joined.is_some_and(|line| line.contains("joined")), "the worker ended before it had joined");
        // It goes on saying things; nobody reads them.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { server, worker })
    }

    /// Chains, `lanes` at any moment, until the time is over.
    pub(crate) async fn chains(&self, lanes: usize, time: Duration) -> anyhow::Result<Figures> {
        let mut client = Client::connect(&self.server.url).await?;
        let playbook = client.http.post(client.at("playbooks")).header("content-type", "application/yaml");
        playbook.body(playbooks::chain()).send().await?.error_for_status()?;
        client.run(1, Duration::ZERO).await.context("warming up")?;
        let began = Instant::now();
        let mut executions = client.run(lanes, time).await?;
        let took = began.elapsed();
        executions.sort_unstable();
        let rss = |child: &Child| child.id().map_or(0.0, resident_mib);
        Ok(Figures {
            steps: executions.len() as u64 * CHAIN_STEPS,
            took,
            execution_ms: quantile(&executions, 0.5),
            server_rss_mib: rss(&self.server.child),
            worker_rss_mib: rss(&self.worker),
        })
    }

    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.worker.kill().await?;
        self.server.child.kill().await?;
        Ok(())
    }
}

/// Submits over HTTP, as a client of the peer does, and sees ends on a socket.
struct Client {
    http: reqwest::Client,
    server: String,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// When it was submitted, and what it became.
type Submitted = (Instant, ExecutionId);

impl Client {
    async fn connect(url: &str) -> anyhow::Result<Self> {
        let (mut socket, _) = connect_async(format!("{}/api/ws", url.replacen("http", "ws", 1))).await?;
        let topics = vec![TopicRequest::Name(format!("workflow:{CHAIN}"))];
        let subscribe = serde_json::to_string(&ClientFrame::Subscribe { id: None, topics })?;
        socket.send(Message::text(subscribe)).await?;
        // The client wants one, though nothing here is encrypted; fails when there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        Ok(Self { http, server: url.to_owned(), socket })
    }

    fn at(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.server)
    }

    /// The next execution that ended.
    async fn ended(socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>) -> anyhow::Result<ExecutionId> {
        loop {
            let message = timeout(PATIENCE, socket.next()).await.context("the server says nothing")?;
            let Message::Text(text) = message.context("the server closed the connection")?? else { continue };
            match serde_json::from_str(&text)? {
                ServerFrame::Event { event, .. } => {
                    let Event::WorkflowExecution(e) = &event.event else { continue };
                    match e.status {
                        WorkflowStatus::Completed => return Ok(e.execution_id.parse()?),
                        WorkflowStatus::Failed | WorkflowStatus::Cancelled => bail!("an execution did not complete"),
                        WorkflowStatus::Pending | WorkflowStatus::Running => {}
                    }
                }
                ServerFrame::Error { code, message, .. } => bail!("{code}: {message}"),
                ServerFrame::Gap { topic, reason, .. } => bail!("events of {topic} are missing: {reason:?}"),
                _ => {}
            }
        }
    }

    fn submit(&self) -> impl Future<Output = anyhow::Result<Submitted>> + use<> {
        let request = self.http.post(self.at("executions")).json(&json!({"path": CHAIN}));
        async move {
            let began = Instant::now();
            let answer: Value = request.send().await?.error_for_status()?.json().await?;
            Ok((began, serde_json::from_value(answer["execution_id"].clone())?))
        }
    }

    /// How long each execution took. Every lane runs at least one.
    async fn run(&mut self, lanes: usize, time: Duration) -> anyhow::Result<Vec<Duration>> {
        let until = Instant::now() + time;
        let mut took = Vec::new();
        let mut submitting: FuturesUnordered<_> = (0..lanes).map(|_| self.submit()).collect();
        let mut running: HashMap<ExecutionId, Instant> = HashMap::new();
        // Ends can be seen before the answer to the submission.
        let mut early: HashMap<ExecutionId, Instant> = HashMap::new();
        while !submitting.is_empty() || !running.is_empty() {
            let ended = tokio::select! {
                Some(submitted) = submitting.next() => {
                    let (began, id) = submitted?;
                    match early.remove(&id) {
                        Some(end) => end.duration_since(began),
                        None => {
                            running.insert(id, began);
                            continue;
                        }
                    }
                }
                id = Self::ended(&mut self.socket) => {
                    let id = id?;
                    match running.remove(&id) {
                        Some(began) => began.elapsed(),
                        None => {
                            early.insert(id, Instant::now());
                            continue;
                        }
                    }
                }
            };
            took.push(ended);
            if Instant::now() < until {
                submitting.push(self.submit());
            }
        }
        Ok(took)
    }
}
