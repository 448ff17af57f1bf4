//! Credentials, sealed before they come here: this crate has no key and opens none.

use crate::{
    Store, StoreError,
    sql::{connection::Connection, database::repeatedly, statement::sql},
};
use protocol::Timestamp;
use std::fmt;

/// A credential as lists show it.
#[derive(Clone, Debug, PartialEq)]
pub struct CredentialRow {
    pub name: String,
    /// What its fields mean: `postgres`, `bearer` …
    pub kind: String,
    /// Which key seals it.
    pub key_id: String,
    /// For people; tells nothing of the value.
    pub hint: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A credential with its value, sealed.
#[derive(Clone, PartialEq)]
pub struct SealedCredential {
    pub name: String,
    pub kind: String,
    /// Base64.
    pub sealed: String,
    pub key_id: String,
    pub hint: Option<String>,
}

impl fmt::Debug for SealedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedCredential").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl dyn Store {
    /// Stores a credential, or another value under its name; true when the name is new.
    pub async fn put_credential(&self, credential: SealedCredential, now: Timestamp) -> Result<bool, StoreError> {
        let put = repeatedly(move |connection| Box::pin(put(connection, credential.clone(), now)));
        self.database().write(put).await
    }

    pub async fn credential(&self, name: &str) -> Result<Option<SealedCredential>, StoreError> {
        let find = sql("SELECT name, kind, sealed, key_id, hint FROM credentials WHERE name = $1").bind(name);
        let row: Option<(String, String, String, String, Option<String>)> = self.database().optional(find).await?;
        Ok(row.map(|(name, kind, sealed, key_id, hint)| SealedCredential { name, kind, sealed, key_id, hint }))
    }

    /// All, by name, without what they hold.
    pub async fn credentials(&self) -> Result<Vec<CredentialRow>, StoreError> {
        let all = sql("SELECT name, kind, key_id, hint, created_at, updated_at FROM credentials ORDER BY name");
        let rows: Vec<(String, String, String, Option<String>, i64, i64)> = self.database().all(all).await?;
        let row = |(name, kind, key_id, hint, created_at, updated_at)| CredentialRow {
            name,
            kind,
            key_id,
            hint,
            created_at: Timestamp(created_at),
            updated_at: Timestamp(updated_at),
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// False when there was none.
    pub async fn delete_credential(&self, name: &str) -> Result<bool, StoreError> {
        let delete = sql("DELETE FROM credentials WHERE name = $1").bind(name);
        Ok(self.database().change(delete).await? > 0)
    }

    /// Seals a credential with another key, if it still holds what was opened: `before` is what was sealed then.
    /// False when somebody has changed or deleted it meanwhile. Not a change of the value: `updated_at` stays.
    pub async fn reseal_credential(
        &self,
        name: &str,
        before: &str,
        sealed: &str,
        key_id: &str,
    ) -> Result<bool, StoreError> {
        let reseal = sql("UPDATE credentials SET sealed = $3, key_id = $4 WHERE name = $1 AND sealed = $2")
            .bind(name)
            .bind(before)
            .bind(sealed)
            .bind(key_id);
        Ok(self.database().change(reseal).await? > 0)
    }
}

async fn put(
    connection: &mut Connection<'_>,
    credential: SealedCredential,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let SealedCredential { name, kind, sealed, key_id, hint } = credential;
    let before: Option<(i64,)> =
        sql("SELECT created_at FROM credentials WHERE name = $1").bind(&name).optional(connection).await?;
    sql("INSERT INTO credentials (name, kind, sealed, key_id, hint, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $6)
        ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, sealed = excluded.sealed, key_id = excluded.key_id,
            hint = excluded.hint, updated_at = excluded.updated_at")
    .bind(name)
    .bind(kind)
    .bind(sealed)
    .bind(key_id)
    .bind(hint)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(before.is_none())
}
