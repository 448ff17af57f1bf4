//! Who may come in: users, their sessions, API tokens.
//!
//! Absences: no secret comes here, only what was made of it; nothing here decides who may do what.

mod sessions;
mod tokens;
mod users;

pub use sessions::NewSession;
pub use tokens::{NewToken, Token, TokenAdded};
pub use users::{NewUser, User};

use crate::StoreError;
use protocol::Role;

fn role(word: &str, of: &str) -> Result<Role, StoreError> {
    word.parse().map_err(|error| StoreError::Corrupt(format!("the role of {of}: {error}")))
}
