//! How a command reaches the use cases: in this process on the data folder, or through a server's REST. One file
//! per group of use cases, with both ways side by side.

mod access;
mod control;
mod credentials;
mod embedded;
mod locate;
mod messages;
mod remote;
mod schedules;

pub(super) use access::Access;
pub(super) use control::{Control, Order};
pub(super) use credentials::Credentials;
pub(super) use locate::locate;
pub(super) use locate::using;
pub(super) use messages::Messages;
pub(super) use schedules::Schedules;

use async_trait::async_trait;
use protocol::{
    ExecutionId, Position, Problem,
    api::{
        DiffQuery, EventPage, EventQuery, ExecutionDetail, ExecutionPage, ExecutionQuery, PlaybookDiff, Registered,
        SubmitRequest, Submitted, WorkerList,
    },
};

/// A name as one segment of a URL's path.
fn segment(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The use cases commands need. Both implementations answer alike, problems included.
#[async_trait]
pub(super) trait Service: Access + Control + Schedules + Credentials + Messages + Send + Sync {
    async fn register(&self, source: &str) -> Result<Registered, Problem>;
    async fn playbook_diff(&self, path: &str, query: DiffQuery) -> Result<PlaybookDiff, Problem>;
    async fn submit(&self, request: SubmitRequest) -> Result<Submitted, Problem>;
    async fn execution(&self, id: ExecutionId) -> Result<ExecutionDetail, Problem>;
    async fn executions(&self, query: ExecutionQuery) -> Result<ExecutionPage, Problem>;
    async fn events(&self, id: ExecutionId, after: Position) -> Result<EventPage, Problem>;
    /// A part of a topic's history.
    async fn log(&self, query: EventQuery) -> Result<EventPage, Problem>;
    async fn workers(&self) -> Result<WorkerList, Problem>;
    /// Resolves when there may be more events; also sometimes when there are none.
    async fn news(&self);
    /// Lets go of everything. In this process: what runs is left as it is, for the next start to take up.
    async fn close(self: Box<Self>);
}

#[cfg(test)]
mod tests {
    use super::segment;

    #[test]
    fn names_stay_one_segment() {
        assert_eq!(segment("sign off/ü?"), "sign%20off%2F%C3%BC%3F");
        assert_eq!(segment("a-b_c.d~1"), "a-b_c.d~1");
    }
}
