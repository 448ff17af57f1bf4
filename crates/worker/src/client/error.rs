//! Why a worker ended that was not asked to.

/// What trying again does not help against; everything else is tried again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkerError {
    #[error("`{0}` is no address of a server; expected a URL such as http://127.0.0.1:9999")]
    Address(String),
    #[error("a worker needs a provider")]
    NoProvider,
    /// The server does not take this worker.
    #[error("the server refused this worker: {0}")]
    Refused(String),
    /// Somebody answers there, but not as a Signalbox server does.
    #[error("{0} is no Signalbox server, or an older one: {1}")]
    NotAServer(String, String),
    /// It was asked to leave and could not tell any server how these tasks ended: they will run again.
    #[error("{0} tasks had ended and could not be reported to any server; they will run again")]
    Unreported(usize),
}
