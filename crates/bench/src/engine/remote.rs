//! The real server without providers, a worker process beside it, and a client: all over the socket.

use super::{
    boot::Started,
    house::quantile,
    place::Place,
    playbooks::{self, CHAIN, CHAIN_STEPS},
};
use crate::conditions::resident_mib;
use anyhow::{Context, bail, ensure};
use futures::{SinkExt, StreamExt};
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
/// Commands a client may have under way.
const COMMANDS: usize = 8;

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
        client.call("register_playbook", json!({"source": playbooks::chain()})).await?;
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

/// One connection: submits, and sees ends.
struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next_id: u64,
}

/// What came, of what the load looks at.
enum News {
    Started(u64, ExecutionId),
    Ended(ExecutionId),
}

impl Client {
    async fn connect(url: &str) -> anyhow::Result<Self> {
        let url = format!("{}/api/ws", url.replacen("http", "ws", 1));
        let (socket, _) = connect_async(url).await?;
        let mut client = Self { socket, next_id: 0 };
        let topics = vec![TopicRequest::Name(format!("workflow:{CHAIN}"))];
        client.send(&ClientFrame::Subscribe { id: None, topics }).await?;
        Ok(client)
    }

    async fn send(&mut self, frame: &ClientFrame) -> anyhow::Result<()> {
        self.socket.send(Message::text(serde_json::to_string(frame)?)).await?;
        Ok(())
    }

    async fn command(&mut self, method: &str, params: Value) -> anyhow::Result<u64> {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&ClientFrame::Command { id: id.into(), method: method.to_owned(), params }).await?;
        Ok(id)
    }

    async fn receive(&mut self) -> anyhow::Result<ServerFrame> {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.context("the server says nothing")?;
            if let Message::Text(text) = message.context("the server closed the connection")?? {
                return Ok(serde_json::from_str(&text)?);
            }
        }
    }

    /// A command whose answer is waited for.
    async fn call(&mut self, method: &str, params: Value) -> anyhow::Result<()> {
        let sent = self.command(method, params).await?;
        loop {
            match self.receive().await? {
                ServerFrame::Reply { id, .. } if id == sent => return Ok(()),
                ServerFrame::Error { code, message, .. } => bail!("{method}: {code}: {message}"),
                _ => {}
            }
        }
    }

    async fn news(&mut self) -> anyhow::Result<News> {
        loop {
            match self.receive().await? {
                ServerFrame::Reply { id, result } => {
                    let started: ExecutionId = serde_json::from_value(result["execution_id"].clone())?;
                    return Ok(News::Started(id.as_u64().context("ids are numbers")?, started));
                }
                ServerFrame::Event { event, .. } => {
                    if let Event::WorkflowExecution(e) = &event.event {
                        match e.status {
                            WorkflowStatus::Completed => return Ok(News::Ended(e.execution_id)),
                            WorkflowStatus::Failed | WorkflowStatus::Cancelled => {
                                bail!("an execution did not complete")
                            }
                            WorkflowStatus::Pending | WorkflowStatus::Running => {}
                        }
                    }
                }
                ServerFrame::Error { code, message, .. } => bail!("{code}: {message}"),
                ServerFrame::Gap { topic, reason, .. } => bail!("events of {topic} are missing: {reason:?}"),
                _ => {}
            }
        }
    }

    /// How long each execution took. Every lane runs at least one.
    async fn run(&mut self, lanes: usize, time: Duration) -> anyhow::Result<Vec<Duration>> {
        let until = Instant::now() + time;
        let mut took = Vec::new();
        let mut submitted: HashMap<u64, Instant> = HashMap::new();
        let mut running: HashMap<ExecutionId, Instant> = HashMap::new();
        // Ends can be seen before the answer to the submission.
        let mut early: HashMap<ExecutionId, Instant> = HashMap::new();
        let mut free = lanes;
        loop {
            while free > 0 && submitted.len() < COMMANDS {
                let began = Instant::now();
                submitted.insert(self.command("submit", json!({"path": CHAIN})).await?, began);
                free -= 1;
            }
            if submitted.is_empty() && running.is_empty() {
                return Ok(took);
            }
            let ended = match self.news().await? {
                News::Started(command, id) => {
                    let Some(began) = submitted.remove(&command) else { continue };
                    match early.remove(&id) {
                        Some(end) => end.duration_since(began),
                        None => {
                            running.insert(id, began);
                            continue;
                        }
                    }
                }
                News::Ended(id) => match running.remove(&id) {
                    Some(began) => began.elapsed(),
                    None => {
                        early.insert(id, Instant::now());
                        continue;
                    }
                },
            };
            took.push(ended);
            free += usize::from(Instant::now() < until);
        }
    }
}
