//! How a client reads.

/// What was agreed on with a client about how it is sent what it is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// It reads compressed messages.
    pub deflate: bool,
    /// It reads messages of several frames, one a line (`protocol::frame::batch`).
    pub batch: bool,
}
