//! A value as indented JSON.

use crate::format;
use leptos::prelude::*;
use protocol::view::Preview;

/// The value, and, when it was cut, how much there is and where the whole is.
#[component]
pub(crate) fn JsonBlock(
    #[prop(into)] preview: Signal<Preview>,
    /// Where the whole can be had.
    #[prop(into)]
    whole: String,
) -> impl IntoView {
    let is_cut = Memo::new(move |_| preview.with(Preview::is_cut));
    let note = move || {
        is_cut.get().then(|| {
            let (shown, all) = preview.with(|p| (p.text.len() as u64, p.bytes));
            view! {
                <p class="note">
                    {format!("The first {} of {}. ", format::bytes(shown), format::bytes(all))}
                    <a href=whole.clone() rel="external">"The whole as JSON"</a>
                </p>
            }
        })
    };
    view! {
        <pre class="code" tabindex="0">{move || preview.with(indented)}</pre>
        {note}
    }
}

/// Indented when whole; a cut value is no JSON any more and stays as it is. `null` reads as a dash.
fn indented(preview: &Preview) -> String {
    if preview.text.is_empty() {
        return "–".to_owned();
    }
    serde_json::from_str::<serde_json::Value>(&preview.text)
        .ok()
        .filter(|_| !preview.is_cut())
        .and_then(|value| serde_json::to_string_pretty(&value).ok())
        .unwrap_or_else(|| preview.text.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_values_are_indented_and_cut_ones_left_alone() {
        let whole = Preview { text: r#"{"a":1}"#.into(), bytes: 7 };
        assert_eq!(indented(&whole), "{\n  \"a\": 1\n}");
        let cut = Preview { text: r#"{"a":"#.into(), bytes: 9_000 };
        assert_eq!(indented(&cut), r#"{"a":"#);
        assert_eq!(indented(&Preview::default()), "–");
    }
}
