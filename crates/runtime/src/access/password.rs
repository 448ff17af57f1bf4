//! Passwords: argon2id, one at a time.

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString, rand_core::OsRng},
};
use protocol::Problem;
use std::sync::{Arc, OnceLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Each takes 19 MiB and a core for some tens of milliseconds: whoever tries passwords, from however many addresses,
/// has one core at most and leaves the others to the work.
const AT_ONCE: usize = 1;
/// Those that wait for their turn, which is a second or two for the last of them. A further one is refused: tries come
/// from anybody.
const WAITING: usize = 32;
/// After which a whole queue has had its turn.
const QUEUE_S: u64 = 2;

pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// Somebody's place in the queue: it is left when their turn comes, or when they go away.
pub(crate) struct Queued {
    turns: Arc<Semaphore>,
    place: OwnedSemaphorePermit,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::new(Semaphore::new(WAITING)) }
    }
}

impl Passwords {
    /// # Errors
    /// 503 `overloaded` when too many wait already.
    pub(crate) fn queue(&self) -> Result<Queued, Problem> {
        let place = self.waiting.clone().try_acquire_owned().map_err(|_| {
            let detail = format!("{WAITING} passwords wait to be looked at already; try again in {QUEUE_S} s");
            Problem::new(503, "overloaded", "Overloaded", detail).temporary_for_s(QUEUE_S)
        })?;
        Ok(Queued { turns: self.turns.clone(), place })
    }

    /// A PHC string.
    ///
    /// # Errors
    /// 503 `overloaded` when too many wait already.
    pub(crate) async fn hash(&self, password: String) -> Result<String, Problem> {
        self.queue()?.work(move || make(&password)).await?
    }
}

impl Queued {
    /// Whether it is the password of the PHC string. Without one (no such user) it takes as long, and is not.
    pub(crate) async fn is(self, password: String, known: Option<String>) -> Result<bool, Problem> {
        let verify = move || {
            let Some(known) = known.or_else(|| nobodys().map(str::to_owned)) else { return false };
            let Ok(known) = PasswordHash::new(&known) else { return false };
            Argon2::default().verify_password(password.as_bytes(), &known).is_ok()
        };
        self.work(verify).await
    }

    async fn work<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let turn = self.turns.acquire_owned().await.expect("the semaphore is never closed");
        drop(self.place);
        // The turn goes with the work: who asked may go away meanwhile, and the work goes on.
        let work = move || {
            let _turn = turn;
            work()
        };
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
    use std::sync::mpsc;
    use tokio::{sync::oneshot, task::JoinHandle};

    /// Work that is under way until it is told to end, and who asked for it.
    async fn under_way(passwords: &Passwords) -> (JoinHandle<Result<(), Problem>>, mpsc::Sender<()>) {
        let ((began, begins), (end, ended)) = (oneshot::channel(), mpsc::channel::<()>());
        let queued = passwords.queue().unwrap();
        let asked = tokio::spawn(queued.work(move || {
            began.send(()).unwrap();
            let _ = ended.recv();
        }));
        begins.await.unwrap();
        (asked, end)
    }

    #[tokio::test]
    async fn who_goes_away_does_not_make_room_for_more_at_once() {
        let passwords = Passwords::default();
        let (asked, end) = under_way(&passwords).await;
        asked.abort();
        assert!(asked.await.unwrap_err().is_cancelled());
        assert_eq!(passwords.turns.available_permits(), 0, "the work goes on, and it is its turn");
        drop(end);
        assert!(passwords.hash("the next".to_owned()).await.unwrap().starts_with("$argon2id$"));
    }

    #[tokio::test]
    async fn so_many_wait_and_one_more_is_refused() {
        let passwords = Passwords::default();
        let (asked, end) = under_way(&passwords).await;
        let mut waiting: Vec<Queued> = (0..WAITING).map(|_| passwords.queue().unwrap()).collect();
        let refused = passwords.hash("one more".to_owned()).await.unwrap_err();
        let Problem { status, code, temporary, retry_after_s, .. } = refused;
        assert_eq!((status, code.as_str(), temporary, retry_after_s), (503, "overloaded", true, Some(QUEUE_S)));
        waiting.pop();
        assert!(passwords.queue().is_ok(), "somebody went away");
        drop(end);
        asked.await.unwrap().unwrap();
        for queued in waiting {
            queued.work(|| ()).await.unwrap();
        }
        assert_eq!((passwords.turns.available_permits(), passwords.waiting.available_permits()), (AT_ONCE, WAITING));
    }

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
            assert_eq!(passwords.queue().unwrap().is(given.to_owned(), known).await.unwrap(), expect, "{given}");
        }
    }
}
