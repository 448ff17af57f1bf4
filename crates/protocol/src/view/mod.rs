//! What screens show, as folds over envelopes: the server renders a view at a position, the browser applies
//! every later event to it with the same functions.

mod chart;
mod dashboard;
mod event_row;
mod execution;
mod executions;
mod feed;
mod preview;
mod streams;
mod tap;

pub use chart::ChartView;
pub use dashboard::DashboardView;
pub use event_row::{EventRow, summary};
pub use execution::{
    ApprovalView, AttemptView, ExecutionView, ItemView, ItemsView, NEWEST, NEWEST_ITEMS, PausedView, QueuedView,
    StepView, item_label,
};
pub use executions::{ExecutionRows, apply_to_row, row_of};
pub use feed::Feed;
pub use preview::{PREVIEW_BYTES, Preview};
pub use streams::{AgentsView, AlertRow, MemoryRow};
pub use tap::TapRow;
