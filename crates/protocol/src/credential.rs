//! The types of credentials that steps of ours use, and their fields: what a prompt or a form asks for. Others are
//! objects of whatever fields the steps agree on.

/// A type and its fields, in the order in which people are asked for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub word: &'static str,
    /// Which steps take it.
    pub used_by: &'static str,
    pub fields: &'static [Field],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    pub label: &'static str,
    pub default: Option<&'static str>,
    /// Not shown while it is typed.
    pub is_secret: bool,
    pub is_optional: bool,
}

pub const KINDS: &[Kind] = &[
    Kind {
        word: "postgres",
        used_by: "postgres steps",
        fields: &[
            Field { default: Some("localhost"), ..plain("host", "Host") },
            Field { default: Some("5432"), ..plain("port", "Port") },
            plain("user", "User"),
            // A database may ask for none.
            Field { is_optional: true, ..secret("password", "Password") },
            Field { is_optional: true, ..plain("database", "Database") },
        ],
    },
    Kind { word: "bearer", used_by: "http steps", fields: &[secret("token", "Token")] },
    Kind {
        word: "basic",
        used_by: "http steps",
        fields: &[plain("username", "Username"), secret("password", "Password")],
    },
    Kind { word: "header", used_by: "http steps", fields: &[plain("name", "Header"), secret("value", "Value")] },
    Kind {
        word: "api_key",
        used_by: "http steps",
        fields: &[Field { default: Some("X-API-Key"), ..plain("header", "Header") }, secret("value", "Key")],
    },
];

/// The type of credentials without known fields.
pub const GENERIC: &str = "generic";

pub fn kind(word: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.word == word)
}

const fn plain(name: &'static str, label: &'static str) -> Field {
    Field { name, label, default: None, is_secret: false, is_optional: false }
}

const fn secret(name: &'static str, label: &'static str) -> Field {
    Field { is_secret: true, ..plain(name, label) }
}
