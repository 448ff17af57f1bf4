//! Who reads the page, so that it offers only what they may do. The table of that is `protocol::access`.

use leptos::prelude::*;
use protocol::{Action, Epoch, Identity};
use runtime::Api;
use std::sync::Arc;

/// Nobody on the page for signing in.
pub(super) fn who() -> Option<Arc<Identity>> {
    use_context::<Api>().map(|api| api.who().clone())
}

/// Of the log the page is rendered from.
pub(super) fn epoch() -> Option<Epoch> {
    use_context::<Api>().map(|api| api.epoch().clone())
}

pub(super) fn may(action: Action) -> bool {
    who().is_some_and(|who| who.may(action))
}
