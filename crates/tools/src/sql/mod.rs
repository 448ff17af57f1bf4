//! What the providers for SQL databases have in common: the shape of a result and its limits, and what a `save`
//! asks for.

mod result;
mod save;

pub(crate) use result::Budget;
pub(crate) use result::ROWS;
pub(crate) use result::StatementResult;
pub(crate) use result::too_large;
pub(crate) use result::unique;
pub(crate) use save::Mode;
pub(crate) use save::Save;
pub(crate) use save::quoted;
