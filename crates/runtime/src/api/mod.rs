//! Every use case. REST, server functions, the WebSocket and the CLI call these and nothing else.

mod approvals;
mod bulk;
mod commands;
mod control;
mod credentials;
mod diff;
mod events;
mod executions;
mod login;
mod overview;
mod playbooks;
mod rerun;
mod schedules;
mod submit;
mod tokens;
mod users;
mod webhooks;
mod workers;

pub use login::SignedIn;
pub use webhooks::Delivery;
pub(crate) use webhooks::Hooks;

use crate::{
    Environment,
    access::Access,
    admission::Gate,
    alerts::Alerts,
    catalog::Catalog,
    credentials::Vault,
    driver::DriverHandle,
    streams::{Agents, Rates, Rollup, Troubles},
    telemetry::Telemetry,
    workers::Registry,
};
use hub::Hub;
use protocol::{Action, Epoch, Identity, Position, Problem, Timestamp};
use std::sync::Arc;
use store::{Store, StoreError};
use tokio::sync::{Notify, watch};

/// The use cases, as somebody may use them. Cheap to clone.
///
/// Each use case asks first whether `who` may. What the server does by itself it does as [`Runtime::api`]'s, who may
/// everything.
///
/// [`Runtime::api`]: crate::Runtime::api
#[derive(Clone)]
pub struct Api {
    shared: Arc<Shared>,
    who: Arc<Identity>,
}

pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) driver: DriverHandle,
    pub(crate) workers: Arc<Registry>,
    pub(crate) environment: Arc<dyn Environment>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) published: watch::Receiver<Position>,
    pub(crate) started_at: Timestamp,
    /// Somebody put, resumed or took away a schedule.
    pub(crate) schedules_changed: Notify,
    pub(crate) gate: Arc<Gate>,
    pub(crate) hooks: Hooks,
    pub(crate) alerts: Alerts,
    pub(crate) agents: Arc<Agents>,
    pub(crate) rates: Rates,
    pub(crate) rollup: Rollup,
    pub(crate) troubles: Troubles,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) access: Access,
}

impl Api {
    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared), who: Arc::new(Identity::local_at("signalbox")) }
    }

    /// The use cases as somebody else may use them, and in their name.
    pub fn acting_as(&self, who: Arc<Identity>) -> Self {
        Self { shared: self.shared.clone(), who }
    }

    /// Who asks.
    pub fn who(&self) -> &Arc<Identity> {
        &self.who
    }

    pub(crate) fn require(&self, action: Action) -> Result<(), Problem> {
        self.who.require(action)
    }

    /// What events name as the one who did it.
    fn by(&self) -> String {
        self.who.by()
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Where parts of the server say what went wrong, for alerts.
    pub fn troubles(&self) -> Troubles {
        self.shared.troubles.clone()
    }

    /// The log's identity: positions of another mean nothing here.
    pub fn epoch(&self) -> &Epoch {
        self.shared.store.epoch()
    }

    /// Changes each time more of the log has been published: what a follower in this process waits on.
    pub fn published(&self) -> watch::Receiver<Position> {
        self.shared.published.clone()
    }
}

/// The store's errors as the API tells them.
pub(crate) fn from_store(error: StoreError) -> Problem {
    match error {
        StoreError::Conflict { .. } => {
            Problem::new(409, "conflict", "Conflict", format!("{error}; try again")).temporary()
        }
        StoreError::Backend { temporary: true, .. } => Problem::new(
            503,
            "store_unavailable",
            "Store unavailable",
            format!("{error}; nothing was changed, try again later"),
        )
        .temporary(),
        StoreError::Refused(why) => Problem::new(
            422,
            "commit_refused",
            "Too large",
            format!("this cannot be stored: {why}; nothing was changed, send less"),
        ),
        StoreError::Exists { .. } => {
            Problem::new(409, "already_submitted", "Already submitted", format!("{error}; nothing was started"))
        }
        StoreError::Closed => {
            Problem::new(503, "stopping", "Stopping", "the server is stopping; try again in a moment").temporary()
        }
        other => {
            tracing::error!(error = %other, "the store failed");
            Problem::new(500, "store_failed", "Store failed", format!("{other}; the server's log has more"))
        }
    }
}
