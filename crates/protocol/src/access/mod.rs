//! Who may do what: roles, the one table of what each permits, and who somebody is.
//!
//! Absences: nothing here proves who somebody is, and no other file decides what a role permits.

mod identity;
mod role;

pub use identity::{CredentialId, Identity, PLACES};
pub use role::{Action, Role};
