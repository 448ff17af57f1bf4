//! Commands to executions that are under way.

use serde::{Deserialize, Serialize};

/// Cancels or terminates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReasonRequest {
    /// Kept in the history.
    #[serde(default)]
    pub reason: Option<String>,
}
