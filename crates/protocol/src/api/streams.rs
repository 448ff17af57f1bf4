//! S1's messages: what is answered to who publishes them.

use crate::{Position, event::AgentState};
use serde::{Deserialize, Serialize};

/// Answer to a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Published {
    pub published: u32,
    /// Of the last of them that is in the log; `null` when none is, as with metrics.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub position: Option<Position>,
}

/// What is known of the agents of other programs, the ones heard of last first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentList {
    /// S1's `agent_state` messages.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub agents: Vec<AgentState>,
    /// Every change up to here is in it.
    pub position: Position,
}
