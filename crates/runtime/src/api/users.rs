//! People who may come in.

use super::{Api, from_store, login::failed};
use protocol::{
    Action, Identity, Problem, Role,
    access::PLACES,
    api::{AddUser, SetPassword, UserSummary},
};
use store::NewUser;

/// Characters of a name, and of a password.
const NAME: usize = 64;
const PASSWORD: std::ops::RangeInclusive<usize> = 8..=1024;

impl Api {
    /// All, by name.
    ///
    /// # Errors
    /// 403 for who may not administer.
    pub async fn users(&self) -> Result<Vec<UserSummary>, Problem> {
        self.require(Action::Administer)?;
        let users = self.shared.store.users().await.map_err(from_store)?;
        Ok(users.into_iter().map(summary).collect())
    }

    /// Whether anybody can sign in. Whoever asks.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn has_users(&self) -> Result<bool, Problem> {
        Ok(!self.shared.store.users().await.map_err(from_store)?.is_empty())
    }

    /// # Errors
    /// 422 `user_invalid`, 409 `user_exists`.
    pub async fn add_user(&self, request: AddUser) -> Result<UserSummary, Problem> {
        self.require(Action::Administer)?;
        let AddUser { name, role, password } = request;
        check_name(&name)?;
        if role == Role::Component {
            return Err(invalid("people are viewer, operator or admin; for a program make an API token".to_owned()));
        }
        let password = self.new_password(password).await?;
        let new = NewUser { name: name.clone(), role, password };
        if !self.shared.store.add_user(new, self.shared.environment.now()).await.map_err(from_store)? {
            let detail = format!("there is a user `{name}` already; choose another name, or set their password");
            return Err(Problem::new(409, "user_exists", "User exists", detail));
        }
        let users = self.shared.store.users().await.map_err(from_store)?;
        users.into_iter().find(|user| user.name == name).map(summary).ok_or_else(|| missing(&name))
    }

    /// Sets a password; who is signed in as them is so no more.
    ///
    /// # Errors
    /// 404, 422 `user_invalid`; 403 for another's; 401 `login_failed` when the present one is not `current`, 429
    /// `too_many_attempts` and 503 `overloaded`.
    pub async fn set_password(&self, name: &str, request: SetPassword) -> Result<(), Problem> {
        let SetPassword { password, current } = request;
        let mut known = None;
        if !self.who.may(Action::Administer) {
            if self.who.subject != Identity::user_subject(name) {
                return self.require(Action::Administer);
            }
            known = Some(self.check_password(name, current.unwrap_or_default(), &self.who.subject).await?);
        }
        let password = self.new_password(password).await?;
        let now = self.shared.environment.now();
        let set = self.shared.store.set_user_password(name, &password, known.as_deref(), now).await;
        if !set.map_err(from_store)? {
            // Of who said the present one it was changed meanwhile.
            return Err(if known.is_some() { failed() } else { missing(name) });
        }
        self.shared.access.revoked.notify_one();
        Ok(())
    }

    /// Takes a user away, with their tokens; whoever is connected as them is so for seconds only.
    ///
    /// # Errors
    /// 404.
    pub async fn remove_user(&self, name: &str) -> Result<(), Problem> {
        self.require(Action::Administer)?;
        if !self.shared.store.remove_user(name, &Identity::user_subject(name)).await.map_err(from_store)? {
            return Err(missing(name));
        }
        self.shared.access.revoked.notify_one();
        Ok(())
    }

    async fn new_password(&self, password: String) -> Result<String, Problem> {
        if !PASSWORD.contains(&password.chars().count()) {
            let (least, most) = (PASSWORD.start(), PASSWORD.end());
            return Err(invalid(format!("a password has {least} to {most} characters; this one has not")));
        }
        self.shared.access.passwords.hash(password).await
    }
}

/// As one word of a URL, a list and a log.
pub(super) fn is_name(name: &str) -> bool {
    name.len() <= NAME
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.@+".contains(&byte))
}

fn check_name(name: &str) -> Result<(), Problem> {
    if PLACES.iter().any(|place| place.eq_ignore_ascii_case(name)) {
        return Err(invalid(format!("`{name}` is what the log calls who is no user; choose another name")));
    }
    if is_name(name) {
        return Ok(());
    }
    Err(invalid(format!(
        "a user's name has up to {NAME} letters, digits, `_`, `-`, `.`, `@`, `+`, and begins with a letter or digit"
    )))
}

fn invalid(detail: String) -> Problem {
    Problem::new(422, "user_invalid", "User invalid", detail)
}

fn missing(name: &str) -> Problem {
    Problem::not_found("user", name, "look in the list of users")
}

fn summary(user: store::User) -> UserSummary {
    let store::User { name, role, created_at, updated_at } = user;
    UserSummary { name, role, created_at, updated_at }
}
