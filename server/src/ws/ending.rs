//! How the reading side of a connection ended.

use super::rfc6455::Broken;

/// Why there is nothing more to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The connection broke.
    Gone,
    /// The client closed, with this code if with any.
    Closed(Option<u16>),
    /// The client broke the rules: it is to be told with this close code.
    Broken(Broken),
}

impl From<Broken> for Ending {
    fn from(broken: Broken) -> Self {
        Ending::Broken(broken)
    }
}
