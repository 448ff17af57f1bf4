//! What the lamp says about the one connection.

use protocol::Timestamp;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "the server only renders `Static`"))]
pub(crate) enum LinkState {
    /// Rendered by the server; nobody listens yet.
    #[default]
    Static,
    Connecting,
    Live,
    /// Up to this many events are still to come from the log.
    CatchingUp(u64),
    Reconnecting,
    /// Events were missed that cannot be had: the page is fetched anew.
    Renewing,
    /// The page shows what was true then.
    Stale(Timestamp),
    /// The server does not know any more who looks: they are on their way to sign in.
    SignedOut,
}

impl LinkState {
    /// The `data-state` of the lamp.
    pub(crate) fn word(self) -> &'static str {
        match self {
            LinkState::Static => "static",
            LinkState::Connecting => "connecting",
            LinkState::Live => "live",
            LinkState::CatchingUp(_) => "catching_up",
            LinkState::Reconnecting => "reconnecting",
            LinkState::Renewing => "renewing",
            LinkState::Stale(_) => "stale",
            LinkState::SignedOut => "signed_out",
        }
    }
}
