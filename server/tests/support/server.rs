//! A server in this process.

use super::Answer;
use protocol::{Role, api::AddUser};
use reqwest::{Client, RequestBuilder};
use runtime::Membership;
use serde_json::{Value, json};
use server::{
    Config, Wiring,
    config::{Access, Bus, LocalConfig, Providers, Roles, Secrets, Site, StoreUrl, Streams, Tools},
    serve,
};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct TestServer {
    pub address: SocketAddr,
    pub client: Client,
    folder: Arc<TempDir>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().expect("a folder"))).await
    }

    /// With other settings than usual.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_as(Arc::new(tempfile::tempdir().expect("a folder")), change).await
    }

    /// On the data folder of a server that was stopped.
    pub async fn start_in(folder: Arc<TempDir>) -> Self {
        Self::start_as(folder, |_| ()).await
    }

    /// Where everybody proves who they are. The users are added to the data folder before, as an operator would.
    pub async fn start_guarded(users: &[(&str, Role)], change: impl FnOnce(&mut Config)) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let local = config(folder.path()).local;
        let wiring = Wiring::open(&local, "tests", Membership::Visitor).await.expect("a store");
        for (name, role) in users {
            let user = AddUser { name: (*name).to_owned(), role: *role, password: password(name) };
            wiring.api().add_user(user).await.expect("a user");
        }
        wiring.close().await;
        Self::start_as(folder, |config| {
            config.access.required = true;
            change(config);
        })
        .await
    }

    async fn start_as(folder: Arc<TempDir>, change: impl FnOnce(&mut Config)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mut config = config(folder.path());
        change(&mut config);
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(async move {
            let stopped = async move {
                let _ = stopped.await;
            };
            serve(config, listener, stopped).await.expect("the server starts");
        });
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .expect("a client");
        Self { address, client, folder, stop, served }
    }

    /// Stops as SIGTERM does; returns the folder for the next server.
    pub async fn stop(self) -> Arc<TempDir> {
        drop(self.client);
        let _ = self.stop.send(());
        tokio::time::timeout(PATIENCE, self.served).await.expect("the server stops").expect("it does not panic");
        self.folder
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where the site's files are.
    pub fn site(&self) -> PathBuf {
        self.folder.path().join("site")
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    pub fn post(&self, path: &str, content_type: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.client.post(self.url(path)).header("content-type", content_type).body(body)
    }

    pub async fn read(&self, path: &str) -> Answer {
        Answer::of(self.get(path)).await
    }

    pub async fn send_json(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.post(path, "application/json", body.to_string())).await
    }

    pub async fn send_yaml(&self, path: &str, source: &str) -> Answer {
        Answer::of(self.post(path, "application/yaml", source.to_owned())).await
    }

    pub async fn register(&self, source: &str) -> Value {
        let answer = self.send_yaml("/api/v1/playbooks", source).await;
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
        answer.json()
    }

    /// Submits and returns the execution's id.
    pub async fn submit(&self, path: &str, input: Value) -> String {
        let submitted = self.send_json("/api/v1/executions", &json!({"path": path, "input": input})).await.expect(201);
        submitted["execution_id"].as_str().expect("an id").to_owned()
    }

    /// The execution once it satisfies `wanted`.
    pub async fn execution_when(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let asked = Instant::now();
        loop {
            let execution = self.read(&format!("/api/v1/executions/{id}")).await.expect(200);
            if wanted(&execution) {
                return execution;
            }
            assert!(asked.elapsed() < PATIENCE, "still {execution}");
        }
    }

    pub async fn ended(&self, id: &str) -> Value {
        self.execution_when(id, |execution| execution["status"] == "completed").await
    }

    /// Still answers: whatever was done to it before did no harm.
    pub async fn is_unharmed(&self) {
        assert_eq!(self.read("/healthz").await.status, 200);
        assert_eq!(self.read("/api/v1/health").await.expect(200)["status"], "ok");
    }
}

/// The password of a test's user.
pub fn password(name: &str) -> String {
    format!("password of {name}")
}

fn config(folder: &Path) -> Config {
    Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        hosts: Vec::new(),
        origins: Vec::new(),
        access: Access::default(),
        local: LocalConfig {
            data: folder.join("data"),
            store: StoreUrl::Sqlite(folder.join("data/signalbox.db")),
            tools: Tools {
                python: "python3".to_owned(),
                egress: tools::EgressPolicy::default(),
                providers: Providers::All,
            },
            secrets: Secrets::default(),
            retention: runtime::Retention::default(),
            streams: Streams::default(),
        },
        bus: Bus::Memory,
        roles: Roles::All,
        site: Site { root: folder.join("site"), style: Some(folder.join("style")), reload_port: None },
    }
}
