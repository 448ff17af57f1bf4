//! Proving who somebody is: passwords, what browsers and programs keep, how often one may try.
//!
//! Absences: what a role permits is `protocol::access`; how a request carries its proof is the server's. No secret is
//! kept or logged.

mod attempts;
mod password;
mod secret;
mod sentinel;

pub(crate) use attempts::Attempts;
pub(crate) use password::Passwords;
pub(crate) use secret::{Secret, hash};
pub(crate) use sentinel::Sentinel;

use std::sync::Mutex;
use tokio::sync::Notify;

/// What proving needs to remember between requests.
#[derive(Default)]
pub(crate) struct Access {
    pub(crate) passwords: Passwords,
    pub(crate) attempts: Mutex<Attempts>,
    /// Something that let somebody in was taken back.
    pub(crate) revoked: Notify,
}
