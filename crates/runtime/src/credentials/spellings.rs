//! Which texts tell a secret: the secret itself, and the spellings in which programs and protocols repeat it.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value};

/// Shorter texts are words of everything else, too, and are not looked for.
const SHORTEST: usize = 4;
/// A line of a secret of several lines counts from here on: a key's line does, `-----` and `}` do not.
const SHORTEST_LINE: usize = 16;
/// What a credential says that is no secret, with or without a prefix such as `db_`.
const PLAIN: [&str; 24] = [
    "account",
    "database",
    "db",
    "dbname",
    "description",
    "driver",
    "header",
    "host",
    "hostname",
    "name",
    "port",
    "region",
    "role",
    "schema",
    "scheme",
    "scope",
    "service",
    "sslmode",
    "ssl_mode",
    "sslrootcert",
    "type",
    "user",
    "username",
    "warehouse",
];
const PREFIXES: [&str; 3] = ["db_", "pg_", "http_"];
const URLS: [&str; 5] = ["url", "uri", "dsn", "connection_string", "db_conn_string"];

/// Every secret text of a credential.
pub(super) fn of_credential(value: &Value) -> Vec<String> {
    let mut secrets = Vec::new();
    collect(value, &mut secrets);
    // What basic authentication makes of it.
    if let Value::Object(map) = value
        && let (Some(user), Some(password)) = (text(map, &["username", "user"]), text(map, &["password"]))
    {
        secrets.push(format!("{user}:{password}"));
    }
    secrets.iter().flat_map(|secret| of_secret(secret)).collect()
}

/// A secret in its spellings.
pub(super) fn of_secret(secret: &str) -> Vec<String> {
    if secret.trim().len() < SHORTEST {
        return Vec::new();
    }
    let json = Value::from(secret).to_string();
    let mut all = vec![
        secret.to_owned(),
        secret.trim().to_owned(),
        json[1..json.len() - 1].to_owned(),
        percent(secret, "%20"),
        percent(secret, "+"),
        STANDARD.encode(secret),
        STANDARD.encode(secret).trim_end_matches('=').to_owned(),
        URL_SAFE_NO_PAD.encode(secret),
    ];
    if secret.trim().contains('\n') {
        all.extend(secret.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE).map(str::to_owned));
    }
    all.sort();
    all.dedup();
    all
}

fn collect(value: &Value, secrets: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (field, value) in map {
                match value {
                    Value::String(text) if URLS.contains(&field.as_str()) => of_url(text, secrets),
                    Value::String(_) if is_plain(field) => {}
                    value => collect(value, secrets),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, secrets)),
        Value::String(text) => secrets.push(text.clone()),
        Value::Number(number) => secrets.push(number.to_string()),
        Value::Bool(_) | Value::Null => {}
    }
}

fn is_plain(field: &str) -> bool {
    let field = field.to_ascii_lowercase();
    let bare = PREFIXES.iter().find_map(|prefix| field.strip_prefix(prefix)).unwrap_or(&field);
    PLAIN.contains(&field.as_str()) || PLAIN.contains(&bare)
}

/// The whole, and the password: of `scheme://user:password@host/` or of `password=…`.
fn of_url(url: &str, secrets: &mut Vec<String>) {
    let Some((_, rest)) = url.split_once("://") else {
        let values = url.split_whitespace().filter_map(|pair| pair.split_once('='));
        secrets.extend(values.filter(|(key, _)| *key == "password").map(|(_, v)| v.trim_matches('\'').to_owned()));
        secrets.push(url.to_owned());
        return;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let password =
        authority.rsplit_once('@').and_then(|(login, _)| login.split_once(':')).map(|(_, password)| password);
    let queried = rest
        .split_once('?')
        .into_iter()
        .flat_map(|(_, query)| query.split('&'))
        .filter_map(|pair| pair.split_once('='))
        .filter(|(key, _)| !is_plain(key))
        .map(|(_, value)| value);
    let before = secrets.len();
    for part in password.into_iter().chain(queried) {
        secrets.push(part.to_owned());
        secrets.extend(unpercent(part));
    }
    if secrets.len() > before {
        secrets.push(url.to_owned());
    }
}

fn text<'a>(map: &'a Map<String, Value>, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| map.get(*name).and_then(Value::as_str))
}

fn percent(text: &str, space: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => out.push_str(space),
            b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn unpercent(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_told_from_what_is_plain() {
        for (credential, secret, plain) in [
            (
                json!({"type": "postgres", "host": "db.test", "db_user": "demo", "password": "hunter2"}),
                vec!["hunter2"],
                vec!["db.test", "demo", "postgres"],
            ),
            (
                json!({"url": "postgres://me:p%40ss@db.test:5432/x?sslmode=require"}),
                vec!["p%40ss", "p@ss", "postgres://me:p%40ss@db.test:5432/x?sslmode=require"],
                vec!["me", "db.test", "require"],
            ),
            (json!({"url": "https://db.test/x"}), vec![], vec!["https://db.test/x"]),
            (json!({"dsn": "host=db.test password='hunter2'"}), vec!["hunter2"], vec!["db.test"]),
            (json!({"username": "ada", "password": "pw"}), vec!["YWRhOnB3", "ada:pw"], vec!["ada"]),
            (json!({"data": {"keys": ["first-key", "second-key"]}}), vec!["first-key", "second-key"], vec![]),
            (json!({"pin": 123_456}), vec!["123456"], vec![]),
            (json!({"pin": "abc"}), vec![], vec!["abc"]),
        ] {
            let found = of_credential(&credential);
            for secret in secret {
                assert!(found.iter().any(|text| text == secret), "{secret} in {found:?}");
            }
            for plain in plain {
                assert!(!found.iter().any(|text| text == plain), "{plain} in {found:?}");
            }
        }
    }

    #[test]
    fn a_secret_is_known_in_other_spellings() {
        let found = of_secret("a b/\"c\"\n0123456789abcdef\n");
        for spelling in [
            "a b/\"c\"\n0123456789abcdef\n",
            "a b/\"c\"\n0123456789abcdef",
            "a b/\\\"c\\\"\\n0123456789abcdef\\n",
            "a%20b%2F%22c%22%0A0123456789abcdef%0A",
            "a+b%2F%22c%22%0A0123456789abcdef%0A",
            "YSBiLyJjIgowMTIzNDU2Nzg5YWJjZGVmCg==",
            "0123456789abcdef",
        ] {
            assert!(found.iter().any(|text| text == spelling), "{spelling} in {found:?}");
        }
        assert_eq!(of_secret(" abc "), Vec::<String>::new());
    }
}
