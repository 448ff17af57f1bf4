//! Following an execution's events.

use super::{error::Error, service::Service};
use protocol::{Envelope, Event, ExecutionId, Position};

/// Reads an execution's events one by one, waiting for more.
pub(super) struct Follow<'a> {
    service: &'a dyn Service,
    id: ExecutionId,
    after: Position,
    page: std::vec::IntoIter<Envelope>,
    is_over: bool,
}

impl<'a> Follow<'a> {
    pub(super) fn new(service: &'a dyn Service, id: ExecutionId) -> Self {
        Self { service, id, after: Position(0), page: Vec::new().into_iter(), is_over: false }
    }

    /// The next event; waits for it. `None` after the execution's last. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Result<Option<Envelope>, Error> {
        loop {
            if let Some(envelope) = self.next_known().await? {
                return Ok(Some(envelope));
            }
            if self.is_over {
                return Ok(None);
            }
            self.service.news().await;
        }
    }

    /// The next event that is there already.
    pub(super) async fn next_known(&mut self) -> Result<Option<Envelope>, Error> {
        if self.page.len() == 0 && !self.is_over {
            let page = self.service.events(self.id, self.after).await?;
            if let Some(last) = page.events.iter().rev().find_map(|envelope| envelope.position) {
                self.after = last;
            }
            self.is_over = page.events.iter().any(|envelope| matches!(envelope.event, Event::ExecutionComplete(_)));
            self.page = page.events.into_iter();
        }
        Ok(self.page.next())
    }
}
