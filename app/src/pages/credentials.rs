//! `/credentials`: which credentials are stored, and storing one. No value is ever on it.
//!
//! The form's fields follow from the type, which is chosen by a link: `?type=`. `?name=` replaces a value.

use super::{
    frame::{Area, Frame},
    problem::{FormProblem, ProblemPage},
};
use crate::{
    components::{Empty, NamedList, Remove, StatusMark},
    href,
    islands::TimeAgo,
    server_fns::Rejected,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::{
    StepStatus,
    api::CredentialSummary,
    credential::{self, Field, GENERIC, KINDS},
};
use runtime::Api;
use serde_json::{Map, Value};

const COLUMNS: [(&str, &str); 5] =
    [("", "Name"), ("", "Type"), ("wide", "Note"), ("end", "Value set"), ("end wide", "Created")];

/// What the API takes.
const NAME: &str = r"[A-Za-z0-9][A-Za-z0-9_.\-]*";

#[component]
pub(crate) fn Credentials() -> impl IntoView {
    let api = expect_context::<Api>();
    let query = use_query_map();
    let asked = |name: &str| query.read_untracked().get(name).filter(|text| !text.is_empty());
    let (kind, name) = (asked("type"), asked("name"));
    let (stored, deleted) = (asked("stored"), asked("deleted"));
    let rejected = use_context::<Rejected>();
    Suspend::new(async move {
        let credentials = match api.credentials().await {
            Ok(credentials) => credentials,
            Err(problem) => return view! { <ProblemPage area=Some(Area::Credentials) problem /> }.into_any(),
        };
        let known = |name: &String| credentials.iter().any(|credential| credential.name == *name);
        let notice = match (stored.filter(|name| known(name)), deleted.filter(|name| !known(name))) {
            (Some(name), _) => Some(format!("{name} is stored.")),
            (_, Some(name)) => Some(format!("{name} is not stored any more.")),
            _ => None,
        };
        let replaced = name.and_then(|name| credentials.iter().find(|credential| credential.name == name).cloned());
        let entered = rejected.as_ref().and_then(|rejected| serde_json::from_str(&rejected.text).ok());
        let kind = kind.or_else(|| replaced.as_ref().map(|credential| credential.kind.clone()));
        let count = match credentials.len() {
            1 => "1 is stored.".to_owned(),
            n => format!("{n} are stored."),
        };
        let missing = match credentials.iter().filter(|credential| !credential.has_key).count() {
            0 => None,
            n => Some(format!(" {n} cannot be opened: their key is not in the key file.")),
        };
        view! {
            <Frame area=Some(Area::Credentials) title="Credentials">
                {notice.map(|notice| view! { <p class="notice" role="status">{notice}</p> })}
                <header class="page-head">
                    <div class="page-head-text">
                        <h1 tabindex="-1">"Credentials"</h1>
                        <p class="answer">
                            <span>{count} {missing} " A step names one with " <code>"auth"</code> "; no page shows a value."</span>
                        </p>
                    </div>
                </header>
                {rejected.map(|rejected| view! { <FormProblem problem=rejected.problem source="" /> })}
                <section class="panel" aria-label="Stored credentials">
                    {if credentials.is_empty() {
                        view! { <Nothing /> }.into_any()
                    } else {
                        view! {
                            <NamedList caption="Credentials by name" columns=COLUMNS>
                                {credentials.into_iter().map(row).collect_view()}
                            </NamedList>
                        }
                            .into_any()
                    }}
                </section>
                <Form kind=kind.unwrap_or_else(|| KINDS[0].word.to_owned()) replaced entered=entered.unwrap_or_default() />
            </Frame>
        }
        .into_any()
    })
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <Empty title="No credential is stored.">
            <p>"Store one below or, in a terminal, " <code>"signalbox credentials set pg_main --type postgres"</code></p>
        </Empty>
    }
}

fn row(credential: CredentialSummary) -> impl IntoView {
    let CredentialSummary { name, kind, hint, key_id, has_key, created_at, updated_at } = credential;
    let trouble = (!has_key).then(|| {
        let title = format!("Sealed with key {key_id}, which this server does not have: steps that name it fail.");
        view! {
            <span class="key-missing" title=title>
                <StatusMark status=StepStatus::Failed />
                " Key missing"
            </span>
        }
    });
    let hint = hint.unwrap_or_default();
    view! {
        <tr>
            <td class="list-name" title=name.clone()>
                {name.clone()} " " {trouble}
            </td>
            <td>
                <code>{kind.clone()}</code>
            </td>
            <td class="wide quiet" title=hint.clone()>{hint.clone()}</td>
            <td class="end"><TimeAgo at=updated_at /></td>
            <td class="end wide"><TimeAgo at=created_at /></td>
            <td class="list-change">
                <div>
                    <a class="button small" href=href::credential_form(&kind, Some(&name)) aria-label=format!("Replace the value of {name}")>
                        "Replace"
                    </a>
                    <Remove verb="Delete" name effect="Steps that name it fail from then on." action="/api/sf/delete_credential" is_small=true />
                </div>
            </td>
        </tr>
    }
}

/// `entered`: what a form that was not accepted had in it, secrets left out.
#[component]
fn Form(kind: String, replaced: Option<CredentialSummary>, entered: Map<String, Value>) -> impl IntoView {
    let text = move |name: &str| entered.get(name).and_then(Value::as_str).map(str::to_owned);
    let title = match &replaced {
        Some(credential) => format!("Replace the value of {}", credential.name),
        None => "Store a credential".to_owned(),
    };
    let fixed = replaced.as_ref().map(|credential| credential.name.clone());
    let hint = text("hint").or_else(|| replaced.and_then(|credential| credential.hint)).unwrap_or_default();
    let choice = |word: &str| {
        let current = (kind == word).then_some("true");
        view! {
            <a class="filter" href=href::credential_form(word, fixed.as_deref()) aria-current=current>
                {word.to_owned()}
            </a>
        }
    };
    let known = credential::kind(&kind);
    let is_own = known.is_none() && kind != GENERIC;
    let choices = KINDS.iter().map(|kind| kind.word).chain([GENERIC]).map(choice).collect_view();
    let own = is_own.then(|| choice(&kind));
    let used_by = known.map_or("python steps, whatever they agree on", |kind| kind.used_by);
    let fields = match known {
        Some(kind) => kind
            .fields
            .iter()
            .map(|field| input(field, text(&format!("value[{}]", field.name))))
            .collect_view()
            .into_any(),
        None => view! { <Json /> }.into_any(),
    };
    view! {
        <section class="panel" id="set" aria-labelledby="set-title">
            <h2 class="panel-title" id="set-title">{title}</h2>
            <nav class="filter-group credential-types" aria-label="Type">{choices} {own}</nav>
            <form class="register-form credential-form" method="post" action="/api/sf/set_credential">
                <input type="hidden" name="kind" value=kind.clone() />
                {match fixed {
                    Some(name) => view! { <input type="hidden" name="name" value=name /> }.into_any(),
                    None => {
                        view! {
                            <label>
                                <span>"Name " <span class="quiet">"— what " <code>"auth"</code> " says"</span></span>
                                <input class="field" type="text" name="name" value=text("name").unwrap_or_default() required pattern=NAME title="Letters, digits, _ - ." maxlength="100" spellcheck="false" autocapitalize="none" autocomplete="off" />
                            </label>
                        }
                            .into_any()
                    }
                }}
                {fields}
                <label>
                    <span>"Note " <span class="quiet">"— shown in the list"</span></span>
                    <input class="field" type="text" name="hint" value=hint maxlength="200" autocomplete="off" />
                </label>
                <p class="note">{format!("For {used_by}. ")} "The value is sealed before it is stored, and shown to nobody afterwards."</p>
                <p class="actions">
                    <button class="button primary" type="submit">"Store"</button>
                </p>
            </form>
        </section>
    }
}

fn input(field: &'static Field, entered: Option<String>) -> impl IntoView {
    let kind = if field.is_secret { "password" } else { "text" };
    // Browsers offer to remember a password, and must not fill in one of this site.
    let autocomplete = if field.is_secret { "new-password" } else { "off" };
    let value = entered.or_else(|| field.default.map(str::to_owned)).filter(|_| !field.is_secret).unwrap_or_default();
    view! {
        <label>
            <span>
                {field.label} " " {field.is_optional.then(|| view! { <span class="quiet">"— if there is one"</span> })}
            </span>
            <input
                class="field"
                type=kind
                name=format!("value[{}]", field.name)
                value=value
                required=!field.is_optional
                spellcheck="false"
                autocapitalize="none"
                autocomplete=autocomplete
            />
        </label>
    }
}

/// The fields of a type without known ones. Never filled in again.
#[component]
fn Json() -> impl IntoView {
    view! {
        <label>
            <span>"Fields " <span class="quiet">"— a JSON object"</span></span>
            <textarea class="field code" name="json" rows="5" required spellcheck="false" autocapitalize="none" autocomplete="off" placeholder="{\"token\": \"…\"}"></textarea>
        </label>
    }
}
