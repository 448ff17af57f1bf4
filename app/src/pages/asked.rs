//! What pages are asked for in their address: fields of a form, as they were entered.

use crate::live;
use leptos::prelude::*;
use leptos_router::params::ParamsMap;
use protocol::{Problem, Timestamp};

/// What was entered, if anything.
pub(super) fn text(map: &ParamsMap, name: &str) -> Option<String> {
    map.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// # Errors
/// 400 for what is no time.
pub(super) fn time(name: &str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    let Some(text) = text else { return Ok(None) };
    Timestamp::from_words(text, live::now()).map(|time| Some(time.0)).ok_or_else(|| {
        let detail = format!(
            "`{name}` is `{text}`; it can be how long ago (`15m`, `2h`, `3d`), `now`, a time in UTC \
             (`2026-01-31 07:48`) or milliseconds since 1970"
        );
        Problem::bad_request("query_parameter", detail)
    })
}

/// One line of such a form; `list`: the id of what it offers.
#[component]
pub(super) fn AskedField(
    class: &'static str,
    id: &'static str,
    name: &'static str,
    label: &'static str,
    value: Option<String>,
    hint: &'static str,
    #[prop(optional)] list: Option<&'static str>,
) -> impl IntoView {
    view! {
        <label class=class>
            <span>{label}</span>
            <input
                class="field"
                id=id
                name=name
                value=value.unwrap_or_default()
                placeholder=hint
                list=list
                autocomplete="off"
                spellcheck="false"
                autocapitalize="none"
            />
        </label>
    }
}
