//! What changed between two versions of a playbook.

use serde::{Deserialize, Serialize};

/// Which versions are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct DiffQuery {
    /// Absent: the version before `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u32>,
    /// Absent: the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u32>,
}

/// The changes that lead from the source of `from` to that of `to`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlaybookDiff {
    pub path: String,
    pub from: u32,
    pub to: u32,
    /// Lines that are new, and lines that are gone.
    pub added: u32,
    pub removed: u32,
    /// In order; none when the sources are equal.
    pub hunks: Vec<DiffHunk>,
}

/// Lines that changed, with a few around them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiffHunk {
    pub lines: Vec<DiffLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiffLine {
    pub kind: DiffKind,
    /// The line's number from 1 in the source of `from`; of an added one none.
    pub old: Option<u32>,
    /// The same in the source of `to`; of a removed one none.
    pub new: Option<u32>,
    /// Without its end.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DiffKind {
    Same,
    Added,
    Removed,
}

impl DiffKind {
    /// As in a unified diff.
    pub fn sign(self) -> char {
        match self {
            DiffKind::Same => ' ',
            DiffKind::Added => '+',
            DiffKind::Removed => '-',
        }
    }
}
