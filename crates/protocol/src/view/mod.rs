//! What screens show, as folds over envelopes: the server renders a view at a position, the browser applies
//! every later event to it with the same functions.

mod dashboard;
mod execution;
mod executions;

pub use dashboard::DashboardView;
pub use execution::{AttemptView, EventRow, ExecutionView, NEWEST, PREVIEW_BYTES, Preview, StepView, summary};
pub use executions::{ExecutionRows, apply_to_row, row_of};
