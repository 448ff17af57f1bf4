//! `POST /api/sf/log_in`, `log_out`, `create_token`, `revoke_token`, `set_own_password`

use super::reply::{Html, Rejected, Reply, own_place};
use crate::{href, session_cookie, sign_in::SignIn};
use http::request::Parts;
use leptos::{prelude::*, server, server_fn::codec::PostUrl};
use protocol::{
    Problem,
    api::{self, CreatedToken},
};
use runtime::Api;

/// A token that was just made, for the page that tells it once.
#[derive(Clone, Debug)]
pub(crate) struct Made(pub(crate) CreatedToken);

/// On to where one wanted to go; back to the form, the name kept, when it is not them.
#[server(prefix = "/api/sf", endpoint = "log_in", input = PostUrl, output = Html)]
pub async fn log_in(name: String, password: String, next: String) -> Result<Reply, ServerFnError> {
    let request = api::LogIn { name: name.trim().to_owned(), password };
    Ok(match expect_context::<SignIn>().sign_in(request).await {
        Ok((_, cookie)) => Reply::see_other(own_place(&next)).with_cookie(&cookie),
        Err(problem) => Reply::rejected(&href::login(own_place(&next)), Rejected { text: name, problem }).await,
    })
}

/// To the form for signing in.
#[server(prefix = "/api/sf", endpoint = "log_out", input = PostUrl, output = Html)]
pub async fn log_out() -> Result<Reply, ServerFnError> {
    if let Err(problem) = expect_context::<Api>().log_out().await {
        return Ok(rejected(problem).await);
    }
    let names = use_context::<Parts>().map(|parts| session_cookie::names(&parts.headers)).unwrap_or_default();
    let gone = names.into_iter().map(session_cookie::clear);
    Ok(gone.fold(Reply::see_other(href::LOGIN), |reply, cookie| reply.with_cookie(&cookie)))
}

/// The settings with the token on them, this once.
#[server(prefix = "/api/sf", endpoint = "create_token", input = PostUrl, output = Html)]
pub async fn create_token(
    name: String,
    role: String,
    #[server(default)] protocols: String,
    #[server(default)] days: String,
) -> Result<Reply, ServerFnError> {
    let made = async {
        let request = api::CreateToken {
            name: name.trim().to_owned(),
            role: role.parse().map_err(|error| invalid(format!("{error}")))?,
            protocols: words(&protocols),
            expires_in_days: number(&days)?,
        };
        expect_context::<Api>().create_token(request).await
    };
    Ok(match made.await {
        Ok(created) => Reply::page_with(href::SETTINGS, Made(created)).await,
        Err(problem) => rejected(problem).await,
    })
}

#[server(prefix = "/api/sf", endpoint = "revoke_token", input = PostUrl, output = Html)]
pub async fn revoke_token(name: String) -> Result<Reply, ServerFnError> {
    Ok(match expect_context::<Api>().revoke_token(&name).await {
        Ok(()) => Reply::see_other(href::SETTINGS),
        Err(problem) => rejected(problem).await,
    })
}

/// To the form for signing in: every session of theirs has ended, this one too.
#[server(prefix = "/api/sf", endpoint = "set_own_password", input = PostUrl, output = Html)]
pub async fn set_own_password(current: String, password: String) -> Result<Reply, ServerFnError> {
    let own = expect_context::<Api>();
    let name = own.who().name.clone();
    let request = api::SetPassword { password, current: Some(current) };
    Ok(match own.set_password(&name, request).await {
        Ok(()) => Reply::see_other(href::LOGIN),
        Err(problem) => rejected(problem).await,
    })
}

async fn rejected(problem: Problem) -> Reply {
    Reply::rejected(href::SETTINGS, Rejected { text: String::new(), problem }).await
}

fn words(text: &str) -> Option<Vec<String>> {
    let words: Vec<String> =
        text.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    (!words.is_empty()).then_some(words)
}

fn number(text: &str) -> Result<Option<u32>, Problem> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| invalid(format!("`{text}` is no number of days"))),
    }
}

/// As the API says it of what it can read.
fn invalid(detail: String) -> Problem {
    Problem::new(422, "token_invalid", "Token invalid", detail)
}
