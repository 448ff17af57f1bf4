//! The browser's files: wasm, its script, the style sheet.
//!
//! Inside the binary when it was built with `embed-assets`, else read from the site folder. Their names do not
//! change between builds, so browsers ask each time and are told by ETag that nothing changed.

mod answer;
#[cfg(feature = "embed-assets")]
mod embedded;
#[cfg(not(feature = "embed-assets"))]
mod folder;
mod negotiate;
mod path;
mod variant;

#[cfg(feature = "embed-assets")]
pub use embedded::Assets;
#[cfg(not(feature = "embed-assets"))]
pub use folder::Assets;
