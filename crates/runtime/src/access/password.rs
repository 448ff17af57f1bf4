//! Passwords: argon2id, a few at a time.

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString, rand_core::OsRng},
};
use protocol::Problem;
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;

/// Each takes 19 MiB and a core for some tens of milliseconds; others wait their turn.
const AT_ONCE: usize = 2;

pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Passwords {
    /// A PHC string.
    pub(crate) async fn hash(&self, password: String) -> Result<String, Problem> {
        self.work(move || make(&password)).await?
    }

    /// Whether it is the password of the PHC string. Without one (no such user) it takes as long, and is not.
    pub(crate) async fn is(&self, password: String, known: Option<String>) -> Result<bool, Problem> {
        let verify = move || {
            let Some(known) = known.or_else(|| nobodys().map(str::to_owned)) else { return false };
            let Ok(known) = PasswordHash::new(&known) else { return false };
            Argon2::default().verify_password(password.as_bytes(), &known).is_ok()
        };
        self.work(verify).await
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let _turn = self.turns.acquire().await.expect("the semaphore is never closed");
        tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(format!("a password: {error}")))
    }
}

fn make(password: &str) -> Result<String, Problem> {
    let salt = SaltString::generate(&mut OsRng);
    let hashed = Argon2::default().hash_password(password.as_bytes(), &salt);
    hashed.map(|hash| hash.to_string()).map_err(|error| Problem::internal(format!("the password: {error}")))
}

/// The hash of a password nobody has. Random, so that no password is ever found to be it.
fn nobodys() -> Option<&'static str> {
    static NOBODYS: OnceLock<Option<String>> = OnceLock::new();
    NOBODYS.get_or_init(|| make(&super::Secret::Session.draw()).ok()).as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_itself_and_nothing_else() {
        let passwords = Passwords::default();
        let known = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert!(known.starts_with("$argon2id$"), "{known}");
        assert_ne!(known, passwords.hash("correct horse".to_owned()).await.unwrap(), "salted");
        for (given, known, expect) in [
            ("correct horse", Some(known.clone()), true),
            ("correct horse ", Some(known.clone()), false),
            ("", Some(known), false),
            ("correct horse", Some("nonsense".to_owned()), false),
            ("correct horse", None, false),
        ] {
            assert_eq!(passwords.is(given.to_owned(), known).await.unwrap(), expect, "{given}");
        }
    }
}
