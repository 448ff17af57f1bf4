//! `/settings`: who one is here, and the API tokens one has made (an admin: all there are).

use super::{
    frame::Frame,
    problem::{FormProblem, ProblemPage},
};
use crate::{
    components::{Empty, NamedList, Remove},
    href,
    islands::{TimeAgo, TimeUntil},
    server_fns::{Made, Rejected},
};
use leptos::prelude::*;
use protocol::{
    Role,
    access::CredentialId,
    api::{CreatedToken, TokenSummary},
};
use runtime::Api;

const COLUMNS: [(&str, &str); 5] =
    [("", "Name"), ("", "Role"), ("wide", "Made by"), ("end", "Last used"), ("end wide", "Expires")];

/// What the API takes.
const NAME: &str = r"[A-Za-z0-9][A-Za-z0-9_.@+\-]*";

#[component]
pub(crate) fn Settings() -> impl IntoView {
    let api = expect_context::<Api>();
    let (rejected, made) = (use_context::<Rejected>(), use_context::<Made>());
    Suspend::new(async move {
        let tokens = match api.tokens().await {
            Ok(tokens) => tokens,
            Err(problem) => return view! { <ProblemPage area=None problem /> }.into_any(),
        };
        let who = api.who().clone();
        let is_person = matches!(who.credential, CredentialId::Session(_));
        let answer = if who.is_local() {
            "This server asks nobody at this machine who they are.".to_owned()
        } else {
            format!("You are {}, {}.", who.name, who.role)
        };
        let roles: Vec<Role> = Role::ALL.into_iter().filter(|role| who.role.covers(*role)).collect();
        let may_make = is_person || who.may(protocol::Action::Administer);
        view! {
            <Frame area=None title="Settings">
                <header class="page-head">
                    <div class="page-head-text">
                        <h1 tabindex="-1">"Settings"</h1>
                        <p class="answer">{answer}</p>
                    </div>
                    {is_person.then(|| view! { <SignOut /> })}
                </header>
                {rejected.map(|rejected| view! { <FormProblem problem=rejected.problem source="" /> })}
                {made.map(|Made(created)| view! { <NewToken created /> })}
                <section class="panel" aria-labelledby="tokens-title">
                    <h2 class="panel-title" id="tokens-title">"API tokens"</h2>
                    {if tokens.is_empty() {
                        view! { <Nothing /> }.into_any()
                    } else {
                        view! {
                            <NamedList caption="API tokens by name" class="token-list" columns=COLUMNS>
                                {tokens.into_iter().map(row).collect_view()}
                            </NamedList>
                        }
                            .into_any()
                    }}
                </section>
                {may_make.then(|| view! { <Create roles /> })}
                {is_person.then(|| view! { <Password /> })}
            </Frame>
        }
        .into_any()
    })
}

/// Not the navigator's: everything that was theirs ends with it.
#[component]
fn SignOut() -> impl IntoView {
    view! {
        <form method="post" action="/api/sf/log_out" target="_self">
            <button class="button" type="submit">"Sign out"</button>
        </form>
    }
}

#[component]
fn NewToken(created: CreatedToken) -> impl IntoView {
    view! {
        <section class="notice token-made" role="status" data-testid="token-made">
            <p>{format!("{} is made. Copy it now: it is not shown again.", created.summary.name)}</p>
            <p>
                <code>{created.token}</code>
            </p>
        </section>
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <Empty title="No token is made.">
            <p>"Programs and workers come in with one: " <code>"Authorization: Bearer sbx_…"</code></p>
        </Empty>
    }
}

fn row(token: TokenSummary) -> impl IntoView {
    let TokenSummary { name, prefix, role, protocols, owner, expires_at, used_at, .. } = token;
    let role = match protocols {
        Some(protocols) => format!("{role}, {}", protocols.join(" ")),
        None => role.to_string(),
    };
    let used = match used_at {
        Some(at) => view! { <TimeAgo at /> }.into_any(),
        None => view! { "never" }.into_any(),
    };
    let until = match expires_at {
        Some(at) => view! { <TimeUntil at /> }.into_any(),
        None => view! { "never" }.into_any(),
    };
    view! {
        <tr>
            <td class="list-name">
                {name.clone()} " " <code class="quiet">{format!("{prefix}…")}</code>
            </td>
            <td title=role.clone()>{role.clone()}</td>
            <td class="wide quiet">{owner}</td>
            <td class="end">{used}</td>
            <td class="end wide">{until}</td>
            <td class="list-change">
                <div>
                    <Remove verb="Revoke" name effect="Whatever uses it is refused from then on." action="/api/sf/revoke_token" is_small=true />
                </div>
            </td>
        </tr>
    }
}

#[component]
fn Create(roles: Vec<Role>) -> impl IntoView {
    let options =
        roles.into_iter().map(|role| view! { <option value=role.word()>{role.word()}</option> }).collect_view();
    view! {
        <section class="panel" aria-labelledby="create-title">
            <h2 class="panel-title" id="create-title">"Make a token"</h2>
            <form class="register-form credential-form" method="post" action="/api/sf/create_token">
                <label>
                    <span>"Name"</span>
                    <input class="field" type="text" name="name" required pattern=NAME title="Letters, digits, _ - . @ +" maxlength="64" spellcheck="false" autocapitalize="none" autocomplete="off" />
                </label>
                <label>
                    <span>"Role"</span>
                    <select class="field" name="role">{options}</select>
                </label>
                <label>
                    <span>"Step types " <span class="quiet">"— that a component may take tasks of; all unless told"</span></span>
                    <input class="field" type="text" name="protocols" spellcheck="false" autocapitalize="none" autocomplete="off" placeholder="python, http" />
                </label>
                <label>
                    <span>"Days " <span class="quiet">"— until it expires; never unless told"</span></span>
                    <input class="field" type="number" name="days" min="1" max="3650" />
                </label>
                <p class="actions">
                    <button class="button primary" type="submit">"Make"</button>
                </p>
            </form>
        </section>
    }
}

#[component]
fn Password() -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="password-title">
            <h2 class="panel-title" id="password-title">"Change your password"</h2>
            <form class="register-form credential-form" method="post" action="/api/sf/set_own_password" target="_self">
                <label>
                    <span>"Present password"</span>
                    <input class="field" type="password" name="current" required autocomplete="current-password" />
                </label>
                <label>
                    <span>"New password"</span>
                    <input class="field" type="password" name="password" required minlength="8" maxlength="1024" autocomplete="new-password" />
                </label>
                <p class="note">"You sign in again afterwards, everywhere."</p>
                <p class="actions">
                    <button class="button primary" type="submit">"Change"</button>
                </p>
            </form>
        </section>
    }
}

/// In the top line: who one is, and the way to the settings.
#[component]
pub(crate) fn Who() -> impl IntoView {
    let who = use_context::<Api>().map(|api| api.who().clone());
    let (name, title) = match who.filter(|who| !who.is_local()) {
        Some(who) => (who.name.clone(), format!("Signed in as {}, {}. Settings", who.name, who.role)),
        None => ("Settings".to_owned(), "Settings".to_owned()),
    };
    view! {
        <a class="tool who" data-region="who" href=href::SETTINGS title=title.clone() aria-label=title>
            <span class="who-name">{name}</span>
        </a>
    }
}
