//! `/register`: a new playbook, or a new version of one. Every problem of the source is shown with its place.

use super::{
    frame::{Area, Frame},
    problem::{FormProblem, ProblemPage},
    reader,
};
use crate::{href, server_fns::Rejected};
use leptos::prelude::*;
use protocol::Action;

/// What an empty form starts with: small, valid, and it does something.
const EXAMPLE: &str = include_str!("register_example.yaml");

#[component]
pub(crate) fn Register() -> impl IntoView {
    if let Some(Err(problem)) = reader::who().map(|who| who.require(Action::Run)) {
        return view! { <ProblemPage area=Some(Area::Playbooks) problem /> }.into_any();
    }
    let rejected = use_context::<Rejected>();
    let text = rejected.as_ref().map_or_else(|| EXAMPLE.to_owned(), |rejected| rejected.text.clone());
    let rows = text.lines().count().clamp(20, 40).to_string();
    // The parser of HTML drops the first line break of a text field.
    let text = format!("\n{text}");
    view! {
        <Frame
            area=Some(Area::Playbooks)
            title="Register a playbook"
            crumbs=vec![("Register".to_owned(), href::REGISTER.to_owned())]
        >
            <header class="page-head">
                <div class="page-head-text">
                    <h1 tabindex="-1">"Register a playbook"</h1>
                    <p class="answer">
                        <span>
                            "Its path is in " <code>"metadata.path"</code>
                            ". Registering a path again makes a new version."
                        </span>
                    </p>
                </div>
            </header>
            {rejected.map(|rejected| view! { <FormProblem problem=rejected.problem source=rejected.text /> })}
            <section class="panel" aria-label="Source">
                <form class="register-form" method="post" action="/api/sf/register_playbook">
                    <label for="source">"Source, as YAML"</label>
                    <textarea
                        id="source"
                        class="field code"
                        name="source"
                        rows=rows
                        required
                        spellcheck="false"
                        autocomplete="off"
                    >
                        {text}
                    </textarea>
                    <p class="actions">
                        <button class="button primary" type="submit">"Register"</button>
                        <a class="button" href=href::PLAYBOOKS>"Back"</a>
                    </p>
                </form>
            </section>
        </Frame>
    }
    .into_any()
}
