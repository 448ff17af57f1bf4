//! The whole server, from a listener to the last commit.

use crate::{
    AppState, Config, Drain, Wiring,
    assets::Assets,
    config::{Bus, StoreUrl},
    connections, guard, logging, router, samples, telemetry,
};
use axum::Router;
use hub::redis::RedisBus;
use leptos::config::LeptosOptions;
use protocol::Problem;
use runtime::Membership;
use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};
use store::{DataDir, StoreError};
use tokio::{net::TcpListener, sync::oneshot};

/// The hub tells its clients that it goes away, and closes them in batches within this time.
const DRAIN: Duration = Duration::from_secs(5);
/// Commits under way and the closing of the store. What is not done by then is done by the next start.
const CLOSE: Duration = Duration::from_secs(20);

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the listener's address cannot be read: {0}")]
    Listener(#[from] io::Error),
    #[error("the bus {0}")]
    Bus(String),
    #[error(
        "{address} is reachable {from}, and nobody can sign in yet: add an admin with `signalbox users add NAME --role \
         admin` on this data folder, or configure JWT, and start again"
    )]
    NobodyCanSignIn { address: SocketAddr, from: &'static str },
    #[error("the catalog cannot be read: {0}")]
    Samples(Problem),
}

/// Serves on the listener until `shutdown` resolves; then drains, finishes and closes.
///
/// # Errors
/// When the data folder is in use or cannot be opened; nothing was served then.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    Server::open(&config, listener).await?.run(shutdown).await;
    Ok(())
}

/// A server that is ready: connections wait in its listener.
pub struct Server {
    address: SocketAddr,
    listener: TcpListener,
    router: Router,
    wiring: Wiring,
    drain: Drain,
}

impl Server {
    /// # Errors
    /// As [`serve`].
    pub async fn open(config: &Config, listener: TcpListener) -> Result<Self, ServeError> {
        let address = listener.local_addr()?;
        let (name, membership) = match &config.local.store {
            // The data folder is locked, so there is one: after a restart its tasks are its own again.
            StoreUrl::Sqlite(_) => ("signalbox".to_owned(), Membership::Alone),
            StoreUrl::Postgres(_) => (host_name(), Membership::Shared { url: Some(url(address)) }),
        };
        let wiring = Wiring::open(&config.local, &name, membership).await?;
        let (api, access) = (wiring.api(), &config.access);
        let is_public = !address.ip().is_loopback();
        let can_sign_in = access.jwt.is_some() || api.has_users().await.map_err(ServeError::Samples)?;
        // A proxy speaks for others, wherever it is: who comes through one is not at this machine.
        let is_reachable = is_public || access.proxy.is_declared();
        if is_reachable && !can_sign_in {
            wiring.close().await;
            let from = if is_public { "from other machines" } else { "through a proxy" };
            return Err(ServeError::NobodyCanSignIn { address, from });
        }
        let jwt = access.jwt.clone().map(|jwt| guard::Jwt::new(jwt, config.local.tools.egress.clone()));
        let folder_key = wiring.data.as_ref().map(DataDir::key).transpose()?;
        let gate = Arc::new(guard::Gate::new(api, access, is_reachable, jwt, folder_key));
        wiring.hub.set_authenticator(gate.clone());
        let refusals = Arc::new(guard::Refusals::new(wiring.hub.clone()));
        samples::register(&wiring.api()).await.map_err(ServeError::Samples)?;
        if let Bus::Redis(url) = &config.bus {
            let bus = RedisBus::open(url.expose(), &wiring.hub.epoch(), uuid::Uuid::now_v7().as_u128());
            wiring.hub.set_bus(bus.map_err(|error| ServeError::Bus(error.to_string()))?);
        }
        logging::tell_errors(Some(wiring.api().troubles()));
        let drain = Drain::default();
        let state = AppState {
            api: wiring.api(),
            hub: wiring.hub.clone(),
            refusals: refusals.clone(),
            drain: drain.clone(),
            requests: telemetry::Requests::new(),
            assets: Assets::new(&config.site.root, config.site.style.clone()),
            policy: app::Policy::new(config.site.reload_port),
            leptos: leptos_options(config, address),
        };
        let guards = guard::Guards {
            hosts: Arc::new(guard::AllowedHosts::new(address, &config.hosts).with_origins(&config.origins)),
            policy: state.policy.clone(),
            door: Arc::new(guard::Door { proxies: access.proxy.clone(), is_public }),
            gate,
            refusals,
        };
        let router = router::router(state, guards);
        if let Some(data) = &wiring.data {
            data.announce(&url(address))?;
        }
        Ok(Self { address, listener, router, wiring, drain })
    }

    pub fn url(&self) -> String {
        url(self.address)
    }

    /// Serves until `shutdown` resolves. Clients of the hub are told first, while requests are still answered;
    /// then requests finish; then the runtime does.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { listener, router, wiring, drain, .. } = self;
        let (stop, stopped) = oneshot::channel::<()>();
        let hub = wiring.hub.clone();
        let draining = async move {
            shutdown.await;
            tracing::info!("going away");
            drain.begin();
            if tokio::time::timeout(DRAIN, hub.drain()).await.is_err() {
                tracing::warn!("some clients were not closed within {} s", DRAIN.as_secs());
            }
            let _ = stop.send(());
        };
        let stopped = async move {
            let _ = stopped.await;
        };
        tokio::join!(connections::serve(listener, router, stopped), draining);
        logging::tell_errors(None);
        if tokio::time::timeout(CLOSE, wiring.close()).await.is_err() {
            tracing::warn!("the store was not closed within {} s; the next start makes good", CLOSE.as_secs());
        }
    }
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// For people who look at the list of servers; without the slash that separates a server from its workers.
fn host_name() -> String {
    let name =
        std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::fs::read_to_string("/etc/hostname"));
    let name: String = name.unwrap_or_default().trim().chars().filter(|c| !matches!(c, '/' | '\0')).take(64).collect();
    if name.is_empty() { "signalbox".to_owned() } else { name }
}

fn leptos_options(config: &Config, address: SocketAddr) -> LeptosOptions {
    LeptosOptions::builder()
        .output_name("signalbox")
        .site_root(config.site.root.to_string_lossy().into_owned())
        .site_pkg_dir("pkg")
        .site_addr(address)
        .reload_port(u32::from(config.site.reload_port.unwrap_or_default()))
        .build()
}
