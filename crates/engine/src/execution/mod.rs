//! One execution's state: the fold of its log, live and in replay.

mod apply;
mod apply_work;
mod items;
mod piece;
mod state;
mod work;

pub(crate) use apply_work::CANCELLED;
pub(crate) use apply_work::WORKER_LOST;
pub(crate) use apply_work::failure;
pub(crate) use items::ItemEnd;
pub(crate) use items::Iteration;
pub(crate) use piece::Hold;
pub(crate) use piece::Piece;
pub(crate) use state::Arrival;
pub use state::Execution;
