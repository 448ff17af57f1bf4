//! Browsers that are signed in.

use super::{role, users::hold};
use crate::{
    Store, StoreError,
    sql::{connection::Connection, database::repeatedly, statement::sql},
};
use protocol::{Identity, Timestamp, access::CredentialId};

/// Sessions of one user at once; a further one ends the oldest.
const SESSIONS: i64 = 20;

#[derive(Clone, Debug)]
pub struct NewSession {
    pub id: String,
    /// SHA-256 of what the browser keeps, in hex.
    pub secret_hash: String,
    pub user_name: String,
    pub expires_at: Timestamp,
}

impl dyn Store {
    /// Signs somebody in whose password was found to be this one, a PHC string; what has expired goes, and the oldest
    /// of too many. False when there is no such user, or their password is another by now.
    pub async fn add_session(&self, session: NewSession, password: &str, now: Timestamp) -> Result<bool, StoreError> {
        let password = password.to_owned();
        let add = repeatedly(move |connection: &mut Connection<'_>| {
            let (session, password) = (session.clone(), password.clone());
            Box::pin(async move {
                if !hold(connection, &session.user_name, Some(&password)).await? {
                    return Ok(false);
                }
                sql("DELETE FROM sessions WHERE expires_at <= $1").bind(now).execute(connection).await?;
                sql("DELETE FROM sessions WHERE user_name = $1 AND id NOT IN
                    (SELECT id FROM sessions WHERE user_name = $1 ORDER BY created_at DESC, id DESC LIMIT $2)")
                .bind(&session.user_name)
                .bind(SESSIONS - 1)
                .execute(connection)
                .await?;
                sql("INSERT INTO sessions (id, secret_hash, user_name, created_at, expires_at)
                    VALUES ($1, $2, $3, $4, $5)")
                .bind(session.id)
                .bind(session.secret_hash)
                .bind(session.user_name)
                .bind(now)
                .bind(session.expires_at)
                .execute(connection)
                .await?;
                Ok(true)
            })
        });
        self.database().write(add).await
    }

    /// Whose session it is, if it has not ended.
    pub async fn session(&self, secret_hash: &str, now: Timestamp) -> Result<Option<Identity>, StoreError> {
        let find = sql("SELECT s.id, u.name, u.role, s.expires_at FROM sessions s JOIN users u ON u.name = s.user_name
            WHERE s.secret_hash = $1 AND s.expires_at > $2");
        let row: Option<(String, String, String, i64)> =
            self.database().optional(find.bind(secret_hash).bind(now)).await?;
        let identity = |(id, name, word, expires_at): (String, String, String, i64)| {
            Ok(Identity {
                subject: Identity::user_subject(&name),
                role: role(&word, &name)?,
                name,
                credential: CredentialId::Session(id),
                expires_at: Some(Timestamp(expires_at)),
                protocols: None,
            })
        };
        row.map(identity).transpose()
    }

    /// Signs out. False when it had ended already.
    pub async fn end_session(&self, id: &str) -> Result<bool, StoreError> {
        Ok(self.database().change(sql("DELETE FROM sessions WHERE id = $1").bind(id)).await? > 0)
    }
}
