//! What reacts. Each is rendered by the server from a view and brought up to date by its topic's events.

mod agent_board;
mod alert_list;
mod copy_line;
mod dashboard_board;
mod event_replay;
mod event_table;
mod event_tap;
mod execution_board;
mod execution_list;
mod json_input;
mod lamp;
mod memory_list;
mod system_board;
mod time_ago;
mod time_until;
mod zone_note;

pub use agent_board::AgentBoard;
pub use alert_list::AlertList;
pub use copy_line::CopyLine;
pub use dashboard_board::DashboardBoard;
pub use event_replay::EventReplay;
pub use event_table::EventTable;
pub use event_tap::EventTap;
pub use execution_board::ExecutionBoard;
pub use execution_list::ExecutionList;
pub use json_input::JsonInput;
pub use lamp::Lamp;
pub use memory_list::MemoryList;
pub use system_board::SystemBoard;
pub use time_ago::TimeAgo;
pub use time_until::TimeUntil;
pub use zone_note::ZoneNote;
