//! Credentials and secrets: sealed at rest, opened for a task when it is handed out, taken out of what comes back.
//!
//! - A stored credential is sealed with a key that is in a file of its own, never in the database: who has one of
//!   the two has nothing. Its name is bound into the seal, so a row moved to another name does not open.
//! - A secret of the environment stands in events as a handle, text with a proof that we made it; text that only
//!   looks like one stays text, so that no data from outside can name a secret.
//! - What a task was given is replaced in its result, error and logs, in the spellings it usually comes back in.
//!
//! Absences: no value leaves by [`crate::Api`]; none is in an error, a log, an event or a row.

mod error;
mod handle;
mod key;
mod key_file;
mod open;
mod redact;
mod rotate;
mod seal;
mod spellings;
mod vault;

pub use error::KeyError;
pub use key_file::KeySource;
pub(crate) use redact::Redaction;
pub use vault::Vault;
