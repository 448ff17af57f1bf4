//! Fields whose text is base64 (`command_b64`): templates like any other, once decoded.

use super::{at::At, compile::Compiler};
use crate::playbook::{
    node::{CoreTag, Kind, Node, Style},
    problems::Problems,
    template::Template,
};
use base64::{Engine, engine::general_purpose::STANDARD};

pub(super) fn read(at: &At<'_>, base: &str, compiler: &mut Compiler, problems: &mut Problems) -> Option<Template> {
    let hint = "encode the text as UTF-8, then as base64; or write it as it is, in the field without `_b64`";
    let Some(text) = at.text() else {
        at.wrong_type(problems, "this must be base64 text", hint);
        return None;
    };
    let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let decoded = STANDARD.decode(compact).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(text) = decoded else {
        at.error(problems, "bad_value", "this is not base64 of UTF-8 text", hint);
        return None;
    };
    let kind = Kind::Scalar { text, style: Style::Decoded, tag: Some(CoreTag::Text) };
    let node = Node { place: at.place(), kind };
    Some(compiler.template(&At { node: &node, pointer: at.pointer.clone() }, base, problems))
}
