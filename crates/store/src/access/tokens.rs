//! API tokens.

use super::{role, users::hold};
use crate::{
    Store, StoreError,
    sql::{connection::Connection, database::repeatedly, statement::sql},
};
use protocol::{Identity, Role, Timestamp, access::CredentialId};
use std::collections::BTreeSet;

/// A token as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: String,
    pub name: String,
    /// The first characters of what it is.
    pub prefix: String,
    pub role: Role,
    pub protocols: Option<Vec<String>>,
    /// The subject that made it.
    pub owner: String,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// Told to the minute.
    pub used_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
pub struct NewToken {
    pub id: String,
    pub name: String,
    /// SHA-256 of the whole token, in hex.
    pub secret_hash: String,
    pub prefix: String,
    pub role: Role,
    pub protocols: Option<Vec<String>>,
    pub owner: String,
    pub expires_at: Option<Timestamp>,
}

/// What became of a [`NewToken`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenAdded {
    Added,
    /// There is one of the name.
    NameTaken,
    /// Its owner is a user, and there is none such: they were taken away meanwhile.
    OwnerGone,
}

type Row = (String, String, String, String, Option<String>, String, i64, Option<i64>, Option<i64>);
const COLUMNS: &str = "SELECT id, name, prefix, role, protocols, owner, created_at, expires_at, used_at FROM tokens ";

impl dyn Store {
    /// Of an owner that is there; a user's tokens go when they do ([`remove_user`](Self::remove_user)).
    pub async fn add_token(&self, token: NewToken, now: Timestamp) -> Result<TokenAdded, StoreError> {
        let owner = Identity::user_of(&token.owner).map(str::to_owned);
        let protocols = token.protocols.map(|protocols| serde_json::Value::from(protocols).to_string());
        let add = sql("INSERT INTO tokens
            (id, name, secret_hash, prefix, role, protocols, owner, created_at, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (name) DO NOTHING")
        .bind(token.id)
        .bind(token.name)
        .bind(token.secret_hash)
        .bind(token.prefix)
        .bind(token.role.word())
        .bind(protocols)
        .bind(token.owner)
        .bind(now)
        .bind(token.expires_at.map(|at| at.0));
        let add = repeatedly(move |connection: &mut Connection<'_>| {
            let (add, owner) = (add.clone(), owner.clone());
            Box::pin(async move {
                if let Some(owner) = owner
                    && !hold(connection, &owner, None).await?
                {
                    return Ok(TokenAdded::OwnerGone);
                }
                let is_added = add.execute(connection).await? > 0;
                Ok(if is_added { TokenAdded::Added } else { TokenAdded::NameTaken })
            })
        });
        self.database().write(add).await
    }

    /// All, by name; of one owner if asked.
    pub async fn tokens(&self, owner: Option<&str>) -> Result<Vec<Token>, StoreError> {
        let mut all = sql(COLUMNS);
        if let Some(owner) = owner {
            all.push("WHERE owner = ").push_bind(owner);
        }
        all.push(" ORDER BY name");
        let rows: Vec<Row> = self.database().all(all).await?;
        rows.into_iter().map(token).collect()
    }

    /// Whose token it is, if it has not expired; and when it was used before.
    pub async fn token(
        &self,
        secret_hash: &str,
        now: Timestamp,
    ) -> Result<Option<(Identity, Option<Timestamp>)>, StoreError> {
        let mut find = sql(COLUMNS);
        find.push("WHERE secret_hash = ").push_bind(secret_hash);
        find.push(" AND (expires_at IS NULL OR expires_at > ").push_bind(now).push(")");
        let row: Option<Row> = self.database().optional(find).await?;
        let Some(token) = row.map(token).transpose()? else { return Ok(None) };
        let identity = Identity {
            subject: Identity::token_subject(&token.name),
            name: token.name,
            role: token.role,
            credential: CredentialId::Token(token.id),
            expires_at: token.expires_at,
            protocols: token.protocols,
        };
        Ok(Some((identity, token.used_at)))
    }

    /// Whether it was somebody's until it expired.
    pub async fn has_expired_token(&self, secret_hash: &str, now: Timestamp) -> Result<bool, StoreError> {
        let find = sql("SELECT id FROM tokens WHERE secret_hash = $1 AND expires_at <= $2");
        let found: Option<(String,)> = self.database().optional(find.bind(secret_hash).bind(now)).await?;
        Ok(found.is_some())
    }

    pub async fn token_used(&self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        let used = sql("UPDATE tokens SET used_at = $2 WHERE id = $1 AND (used_at IS NULL OR used_at < $2)");
        self.database().change(used.bind(id).bind(now)).await.map(drop)
    }

    /// Takes a token back, by its name or id. `owner`: only if it is theirs. False when there is none such.
    pub async fn revoke_token(&self, name: &str, owner: Option<&str>) -> Result<bool, StoreError> {
        let mut revoke = sql("DELETE FROM tokens WHERE (name = $1 OR id = $1)").bind(name);
        if let Some(owner) = owner {
            revoke.push(" AND owner = ").push_bind(owner);
        }
        Ok(self.database().change(revoke).await? > 0)
    }

    /// Of these credentials, those that still let somebody in.
    pub async fn credentials_alive(
        &self,
        asked: &BTreeSet<CredentialId>,
        now: Timestamp,
    ) -> Result<BTreeSet<CredentialId>, StoreError> {
        let mut alive: BTreeSet<CredentialId> = BTreeSet::new();
        let (mut sessions, mut tokens) = (Vec::new(), Vec::new());
        for credential in asked {
            match credential {
                CredentialId::Session(id) => sessions.push(id.as_str()),
                CredentialId::Token(id) => tokens.push(id.as_str()),
                // Nothing is kept of them: they end by themselves.
                CredentialId::None | CredentialId::Jwt => {
                    alive.insert(credential.clone());
                }
            }
        }
        if !sessions.is_empty() {
            let find = sql("SELECT id FROM sessions WHERE id IN (SELECT value FROM json_each($1)) AND expires_at > $2");
            let rows: Vec<(String,)> = self.database().all(find.bind(&sessions[..]).bind(now)).await?;
            alive.extend(rows.into_iter().map(|(id,)| CredentialId::Session(id)));
        }
        if !tokens.is_empty() {
            let find = sql("SELECT id FROM tokens WHERE id IN (SELECT value FROM json_each($1))
                AND (expires_at IS NULL OR expires_at > $2)");
            let rows: Vec<(String,)> = self.database().all(find.bind(&tokens[..]).bind(now)).await?;
            alive.extend(rows.into_iter().map(|(id,)| CredentialId::Token(id)));
        }
        Ok(alive)
    }
}

fn token(row: Row) -> Result<Token, StoreError> {
    let (id, name, prefix, word, protocols, owner, created_at, expires_at, used_at) = row;
    let protocols = protocols.map(|list| serde_json::from_str(&list)).transpose();
    Ok(Token {
        role: role(&word, &name)?,
        protocols: protocols.map_err(|error| StoreError::Corrupt(format!("the protocols of {name}: {error}")))?,
        id,
        name,
        prefix,
        owner,
        created_at: Timestamp(created_at),
        expires_at: expires_at.map(Timestamp),
        used_at: used_at.map(Timestamp),
    })
}
