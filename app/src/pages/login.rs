//! `/login`: who are you. `?next=` is where one wanted to go.

use super::problem::FormProblem;
use crate::{href, server_fns::Rejected};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

/// Without the frame: nothing of it is theirs to use yet. The form is not the navigator's (`target`), since who signs
/// in starts anew: another socket, another store.
#[component]
pub(crate) fn Login() -> impl IntoView {
    let next = use_query_map().read_untracked().get("next").unwrap_or_else(|| href::DASHBOARD.to_owned());
    let rejected = use_context::<Rejected>();
    let name = rejected.as_ref().map(|rejected| rejected.text.clone()).unwrap_or_default();
    let is_again = !name.is_empty();
    view! {
        <Title text="Sign in · Signalbox" />
        <main id="main" class="login">
            <section class="panel" aria-labelledby="login-title">
                <h1 id="login-title" tabindex="-1">"Sign in to Signalbox"</h1>
                {rejected.map(|rejected| view! { <FormProblem problem=rejected.problem source="" /> })}
                <form class="register-form login-form" method="post" action="/api/sf/log_in" target="_self">
                    <input type="hidden" name="next" value=next />
                    <label>
                        <span>"Name"</span>
                        <input class="field" type="text" name="name" value=name required autofocus=!is_again maxlength="64" spellcheck="false" autocapitalize="none" autocomplete="username" />
                    </label>
                    <label>
                        <span>"Password"</span>
                        <input class="field" type="password" name="password" required autofocus=is_again maxlength="1024" autocomplete="current-password" />
                    </label>
                    <p class="actions">
                        <button class="button primary" type="submit">"Sign in"</button>
                    </p>
                </form>
            </section>
        </main>
    }
}
