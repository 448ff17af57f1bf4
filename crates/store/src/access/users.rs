//! People.

use super::role;
use crate::{
    Store, StoreError,
    sql::{connection::Connection, database::repeatedly, statement::sql},
};
use protocol::{Role, Timestamp};
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub role: Role,
    pub created_at: Timestamp,
    /// When the password was set.
    pub updated_at: Timestamp,
}

#[derive(Clone)]
pub struct NewUser {
    pub name: String,
    pub role: Role,
    /// A PHC string.
    pub password: String,
}

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

impl dyn Store {
    /// False when there is one of the name.
    pub async fn add_user(&self, user: NewUser, now: Timestamp) -> Result<bool, StoreError> {
        let add = sql("INSERT INTO users (name, role, password, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
            ON CONFLICT (name) DO NOTHING");
        let add = add.bind(user.name).bind(user.role.word()).bind(user.password).bind(now);
        Ok(self.database().change(add).await? > 0)
    }

    /// All, by name.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let all = sql("SELECT name, role, created_at, updated_at FROM users ORDER BY name");
        let rows: Vec<(String, String, i64, i64)> = self.database().all(all).await?;
        let user = |(name, word, created_at, updated_at): (String, String, i64, i64)| {
            let role = role(&word, &name)?;
            Ok(User { name, role, created_at: Timestamp(created_at), updated_at: Timestamp(updated_at) })
        };
        rows.into_iter().map(user).collect()
    }

    /// A user's role and password, as a PHC string.
    pub async fn user_password(&self, name: &str) -> Result<Option<(Role, String)>, StoreError> {
        let find = sql("SELECT role, password FROM users WHERE name = $1").bind(name);
        let row: Option<(String, String)> = self.database().optional(find).await?;
        row.map(|(word, password)| Ok((role(&word, name)?, password))).transpose()
    }

    /// Another password, in place of that one if it is said (PHC strings); who is signed in as them is so no more. False
    /// when there is no such user, or their password is not that one any more.
    pub async fn set_user_password(
        &self,
        name: &str,
        password: &str,
        in_place_of: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (name, password, in_place_of) = (name.to_owned(), password.to_owned(), in_place_of.map(str::to_owned));
        let set = repeatedly(move |connection: &mut Connection<'_>| {
            let (name, in_place_of) = (name.clone(), in_place_of.clone());
            let set = sql("UPDATE users SET password = $2, updated_at = $3 WHERE name = $1");
            let set = set.bind(&name).bind(&password).bind(now);
            let end = sql("DELETE FROM sessions WHERE user_name = $1").bind(&name);
            Box::pin(async move {
                if !hold(connection, &name, in_place_of.as_deref()).await? {
                    return Ok(false);
                }
                set.execute(connection).await?;
                end.execute(connection).await?;
                Ok(true)
            })
        });
        self.database().write(set).await
    }

    /// Takes a user away, with their sessions and the tokens that are theirs. False when there was none.
    pub async fn remove_user(&self, name: &str, subject: &str) -> Result<bool, StoreError> {
        let (name, subject) = (name.to_owned(), subject.to_owned());
        let remove = repeatedly(move |connection: &mut Connection<'_>| {
            let sessions = sql("DELETE FROM sessions WHERE user_name = $1").bind(&name);
            let tokens = sql("DELETE FROM tokens WHERE owner = $1").bind(&subject);
            let user = sql("DELETE FROM users WHERE name = $1").bind(&name);
            Box::pin(async move {
                // The user first: from then on nothing of theirs is added. What was is there to be taken away, also of
                // one who is gone.
                let is_gone = user.execute(connection).await? > 0;
                sessions.execute(connection).await?;
                tokens.execute(connection).await?;
                Ok(is_gone)
            })
        });
        self.database().write(remove).await
    }
}

/// Whether there is such a user, and with this password if one is said. Until the transaction ends they stay: who would
/// take them away or change their password waits, and a change under way was waited for. Hence an UPDATE, which does so
/// on either backend.
pub(super) async fn hold(
    connection: &mut Connection<'_>,
    name: &str,
    password: Option<&str>,
) -> Result<bool, StoreError> {
    let mut hold = sql("UPDATE users SET updated_at = updated_at WHERE name = $1").bind(name);
    if let Some(password) = password {
        hold.push(" AND password = ").push_bind(password);
    }
    Ok(hold.execute(connection).await? > 0)
}
