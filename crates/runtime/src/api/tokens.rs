//! API tokens: what programs come in with.

use super::{Api, from_store, users::is_name};
use crate::access::{Secret, hash};
use protocol::{
    Action, Problem, Role,
    access::CredentialId,
    api::{CreateToken, CreatedToken, TokenSummary},
};
use store::{NewToken, Token, TokenAdded};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// Longest life, if there is an end to it.
const DAYS: u32 = 3_650;
const PROTOCOLS: usize = 64;

impl Api {
    /// All by name for an admin, their own for others.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn tokens(&self) -> Result<Vec<TokenSummary>, Problem> {
        let tokens = self.shared.store.tokens(self.own_only().as_deref()).await.map_err(from_store)?;
        Ok(tokens.into_iter().map(summary).collect())
    }

    /// Makes a token. Nobody makes one that may more than they do, and a token that is no admin's makes none.
    ///
    /// # Errors
    /// 422 `token_invalid`, 409 `token_exists`, 403; 401 for who was removed meanwhile.
    pub async fn create_token(&self, request: CreateToken) -> Result<CreatedToken, Problem> {
        let CreateToken { name, role, protocols, expires_in_days } = request;
        self.may_make(role)?;
        check(&name, role, protocols.as_deref(), expires_in_days)?;
        let now = self.shared.environment.now();
        let token = Secret::Token.draw();
        let new = NewToken {
            id: self.shared.environment.id().to_string(),
            name: name.clone(),
            secret_hash: hash(&token),
            prefix: Secret::shown(&token),
            role,
            protocols,
            owner: self.owner().await?,
            expires_at: expires_in_days.map(|days| now.plus_ms(u64::from(days) * DAY_MS)),
        };
        let id = new.id.clone();
        match self.shared.store.add_token(new, now).await.map_err(from_store)? {
            TokenAdded::Added => {}
            TokenAdded::NameTaken => {
                let detail = format!("there is a token `{name}` already; choose another name, or revoke that one");
                return Err(Problem::new(409, "token_exists", "Token exists", detail));
            }
            TokenAdded::OwnerGone => {
                let detail = format!("`{}` is no user of this server any more", self.who.name);
                return Err(Problem::new(401, "unauthenticated", "Not signed in", detail));
            }
        }
        let made = self.shared.store.tokens(None).await.map_err(from_store)?.into_iter().find(|token| token.id == id);
        let summary = made.map(summary).ok_or_else(|| missing(&name))?;
        Ok(CreatedToken { token, summary })
    }

    /// Whose a new token is: one made by a token is of who made that, and goes when they do.
    async fn owner(&self) -> Result<String, Problem> {
        let CredentialId::Token(id) = &self.who.credential else { return Ok(self.who.subject.clone()) };
        let all = self.shared.store.tokens(None).await.map_err(from_store)?;
        let maker = all.into_iter().find(|token| token.id == *id);
        maker.map(|token| token.owner).ok_or_else(|| {
            let detail = format!("the token `{}` was revoked", self.who.name);
            Problem::new(401, "unauthenticated", "Not signed in", detail)
        })
    }

    /// Takes a token back, by name or id; whoever is connected with it is so for seconds only.
    ///
    /// # Errors
    /// 404, also for one that is another's.
    pub async fn revoke_token(&self, name: &str) -> Result<(), Problem> {
        if !self.shared.store.revoke_token(name, self.own_only().as_deref()).await.map_err(from_store)? {
            return Err(missing(name));
        }
        self.shared.access.revoked.notify_one();
        Ok(())
    }

    fn own_only(&self) -> Option<String> {
        (!self.who.may(Action::Administer)).then(|| self.who.subject.clone())
    }

    fn may_make(&self, role: Role) -> Result<(), Problem> {
        if self.who.may(Action::Administer) {
            return Ok(());
        }
        // A program's token, or a JWT that lasts minutes, must not turn itself into one that lasts.
        let is_person = matches!(self.who.credential, CredentialId::Session(_));
        if is_person && self.who.role.covers(role) {
            return Ok(());
        }
        let (name, own) = (&self.who.name, self.who.role);
        let detail = format!(
            "`{name}` is {own} and may not make a token of role {role}: people make tokens that may no more than they \
             do, admins any"
        );
        Err(Problem::new(403, "forbidden", "Not allowed", detail))
    }
}

fn check(name: &str, role: Role, protocols: Option<&[String]>, days: Option<u32>) -> Result<(), Problem> {
    let invalid = |detail: String| Err(Problem::new(422, "token_invalid", "Token invalid", detail));
    if !is_name(name) {
        return invalid("a token's name has up to 64 letters, digits, `_`, `-`, `.`, `@`, `+`".to_owned());
    }
    if days.is_some_and(|days| !(1..=DAYS).contains(&days)) {
        return invalid(format!("`expires_in_days` can be 1 to {DAYS}; without it the token lasts until revoked"));
    }
    let Some(protocols) = protocols else { return Ok(()) };
    if !role.may(Action::TakeTasks) {
        return invalid(format!("`protocols` limits what tasks are taken, and {role} takes none; leave it out"));
    }
    let is_word = |word: &String| (1..=64).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_graphic());
    if protocols.is_empty() || protocols.len() > PROTOCOLS || !protocols.iter().all(is_word) {
        return invalid(format!("`protocols` is a list of 1 to {PROTOCOLS} step types such as `python`"));
    }
    Ok(())
}

fn missing(name: &str) -> Problem {
    Problem::not_found("token", name, "look in the list of tokens")
}

fn summary(token: Token) -> TokenSummary {
    let Token { id, name, prefix, role, protocols, owner, created_at, expires_at, used_at } = token;
    TokenSummary { id, name, prefix, role, protocols, owner, created_at, expires_at, used_at }
}
