//! What the browser starts: hydrates the islands and opens the one socket. Nothing else is here.

#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    // Without a mention of the crate the linker drops the islands it exports.
    #[expect(unused_imports, reason = "keeps the islands in the binary")]
    use app::*;
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
    app::live::start();
}
