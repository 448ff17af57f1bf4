//! Pieces of pages and islands. A component of the same name has its styles in `style/<name>.css`.

mod approval_form;
mod chart;
mod copy_id;
mod edge_route;
mod execution_table;
mod feed_tools;
mod graph;
mod history;
mod item_list;
mod json;
mod node_state;
mod rate;
mod status;
mod step_list;
mod tap_table;
mod timeline;
mod timeline_scale;
mod when;

#[cfg(feature = "ssr")]
mod diagnostics;
#[cfg(feature = "ssr")]
mod diff;
#[cfg(feature = "ssr")]
mod empty;
#[cfg(feature = "ssr")]
mod icon;
#[cfg(feature = "ssr")]
mod named_list;
#[cfg(feature = "ssr")]
mod search_field;
#[cfg(feature = "ssr")]
mod source;

pub use approval_form::ApprovalEntered;
pub(crate) use approval_form::ApprovalForm;
pub(crate) use chart::Chart;
pub(crate) use copy_id::CopyId;
pub(crate) use copy_id::use_copy;
pub(crate) use execution_table::ExecutionTable;
pub(crate) use execution_table::RowsOf;
pub(crate) use feed_tools::FeedTools;
pub(crate) use feed_tools::follow_feed;
pub(crate) use graph::GraphProgress;
pub(crate) use graph::GraphView;
pub(crate) use history::History;
pub(crate) use history::HistoryTable;
pub(crate) use item_list::ItemList;
pub(crate) use json::JsonBlock;
pub(crate) use node_state::NodeStates;
pub(crate) use rate::Rate;
pub(crate) use status::Status;
pub(crate) use status::StatusMark;
pub(crate) use status::label;
pub(crate) use step_list::ErrorBlock;
pub(crate) use step_list::StepList;
pub(crate) use tap_table::TapTable;
pub(crate) use timeline::Timeline;
pub(crate) use when::Elapsed;
pub(crate) use when::Until;
pub(crate) use when::When;

#[cfg(feature = "ssr")]
pub(crate) use diagnostics::Diagnostics;
#[cfg(feature = "ssr")]
pub(crate) use diff::DiffView;
#[cfg(feature = "ssr")]
pub(crate) use empty::Empty;
#[cfg(feature = "ssr")]
pub(crate) use icon::Icon;
#[cfg(feature = "ssr")]
pub(crate) use icon::Sprite;
#[cfg(feature = "ssr")]
pub(crate) use named_list::NamedList;
#[cfg(feature = "ssr")]
pub(crate) use named_list::Remove;
#[cfg(feature = "ssr")]
pub(crate) use search_field::SearchField;
#[cfg(feature = "ssr")]
pub(crate) use source::Source;
