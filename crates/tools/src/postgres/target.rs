//! Which server a credential leads to, and as whom.

use crate::fields::{bad_config, kind};
use protocol::TaskError;
use serde_json::{Map, Value};
use sqlx::{
    ConnectOptions,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::str::FromStr;
use url::Url;

/// A server, a database and a login. Not `Debug`: the password is in it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Target {
    /// A name, an address, or the folder of a socket.
    pub(super) host: String,
    pub(super) port: u16,
    user: String,
    password: Option<String>,
    pub(super) database: String,
    /// As [`PgSslMode`] reads it.
    ssl_mode: String,
    ssl_root: Option<String>,
}

impl Target {
    /// From a credential: `{host, port, user, password, database, sslmode, sslrootcert}`, or `{url}`, or `{dsn}`.
    /// `database` of the step wins. No message repeats a value that may be secret.
    ///
    /// # Errors
    /// `bad_config` naming the credential and the field.
    pub(super) fn of(name: &str, credential: &Value, database: Option<&str>) -> Result<Self, TaskError> {
        let wrong = |what: String| bad_config(format!("postgres: credential `{name}` {what}"));
        let Value::Object(map) = credential else {
            let found = kind(credential);
            return Err(wrong(format!(
                "must be a map with host, user, password and database, or with url; it is {found}"
            )));
        };
        let mut parts = Parts::default();
        if let Some(text) = text(map, &["url", "dsn", "uri", "connection_string", "db_conn_string"]).map_err(wrong)? {
            parts.read(&text).map_err(|what| wrong(format!("has a url that {what}")))?;
        }
        for (part, names) in [
            (&mut parts.host, &["host", "hostname", "db_host", "pg_host"] as &[&str]),
            (&mut parts.port, &["port", "db_port", "pg_port"]),
            (&mut parts.user, &["user", "username", "db_user", "pg_user"]),
            (&mut parts.password, &["password", "db_password", "pg_password"]),
            (&mut parts.database, &["database", "dbname", "db_name", "db", "pg_db"]),
            (&mut parts.ssl_mode, &["sslmode", "ssl_mode"]),
            (&mut parts.ssl_root, &["sslrootcert", "ssl_root_cert"]),
        ] {
            if let Some(value) = text(map, names).map_err(wrong)? {
                *part = Some(value);
            }
        }
        let host =
            parts.host.filter(|host| !host.is_empty()).ok_or_else(|| wrong("has no `host` (or `url`)".into()))?;
        let user = parts.user.filter(|user| !user.is_empty()).ok_or_else(|| wrong("has no `user`".into()))?;
        let port = match parts.port {
            None => 5432,
            Some(text) => text.trim().parse().map_err(|_| wrong("has a `port` that is no port number".into()))?,
        };
        let ssl_mode = parts.ssl_mode.unwrap_or_else(|| "prefer".to_owned()).to_ascii_lowercase();
        if PgSslMode::from_str(&ssl_mode).is_err() {
            let what = "has an `sslmode` that is none of disable, allow, prefer, require, verify-ca, verify-full";
            return Err(wrong(what.into()));
        }
        let database = database.map(str::to_owned).or(parts.database).unwrap_or_else(|| user.clone());
        Ok(Self { host, port, user, password: parts.password, database, ssl_mode, ssl_root: parts.ssl_root })
    }

    /// Whether the server proves its name with its certificate; then it is connected to by that name.
    pub(super) fn proves_its_name(&self) -> bool {
        self.ssl_mode == "verify-full"
    }

    pub(super) fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }

    /// As errors name it.
    pub(super) fn what(&self) -> String {
        format!("`{}` on {}:{}", self.database, self.host, self.port)
    }

    /// How to connect, to `host` in particular. Nothing of it comes from the environment.
    pub(super) fn options(&self, host: &str) -> PgConnectOptions {
        let mut options = PgConnectOptions::new_without_pgpass()
            .host(host)
            .port(self.port)
            .username(&self.user)
            .password(self.password.as_deref().unwrap_or_default())
            .database(&self.database)
            .ssl_mode(PgSslMode::from_str(&self.ssl_mode).expect("it was read once"))
            .application_name("signalbox")
            // Statements are sent as text; nothing is prepared behind their back.
            .statement_cache_capacity(0)
            .disable_statement_logging();
        if self.is_socket() {
            options = options.socket(host);
        }
        match &self.ssl_root {
            Some(root) if root.contains("-----BEGIN") => options.ssl_root_cert_from_pem(root.clone().into_bytes()),
            Some(path) => options.ssl_root_cert(path),
            None => options,
        }
    }
}

#[derive(Default)]
struct Parts {
    host: Option<String>,
    port: Option<String>,
    user: Option<String>,
    password: Option<String>,
    database: Option<String>,
    ssl_mode: Option<String>,
    ssl_root: Option<String>,
}

impl Parts {
    fn set(&mut self, name: &str, value: String) {
        match name {
            "host" | "hostaddr" => self.host = Some(value),
            "port" => self.port = Some(value),
            "user" => self.user = Some(value),
            "password" => self.password = Some(value),
            "dbname" => self.database = Some(value),
            "sslmode" => self.ssl_mode = Some(value),
            "sslrootcert" => self.ssl_root = Some(value),
            // Settings of libpq that mean nothing here (`connect_timeout` …).
            _ => {}
        }
    }

    /// `postgres://…`, or libpq's `host=… dbname=…`.
    fn read(&mut self, text: &str) -> Result<(), &'static str> {
        let text = text.trim();
        if text.contains("://") {
            return self.read_url(text);
        }
        for (name, value) in pairs(text)? {
            self.set(&name, value);
        }
        Ok(())
    }

    fn read_url(&mut self, text: &str) -> Result<(), &'static str> {
        let url =
            Url::parse(text).map_err(|_| "cannot be read: expected postgres://user:password@host:port/database")?;
        // `postgresql+psycopg://` and its like are what other programs call the same.
        let scheme = url.scheme().split('+').next().unwrap_or_default();
        if !matches!(scheme, "postgres" | "postgresql") {
            return Err("is no postgres:// URL");
        }
        let decoded = |text: &str| percent_decoded(text).ok_or("has a part that is not UTF-8 once decoded");
        if let Some(host) = url.host_str().filter(|host| !host.is_empty()) {
            self.host = Some(decoded(host.trim_start_matches('[').trim_end_matches(']'))?);
        }
        self.port = url.port().map(|port| port.to_string());
        if !url.username().is_empty() {
            self.user = Some(decoded(url.username())?);
        }
        if let Some(password) = url.password() {
            self.password = Some(decoded(password)?);
        }
        let database = url.path().trim_start_matches('/');
        if !database.is_empty() {
            self.database = Some(decoded(database)?);
        }
        for (name, value) in url.query_pairs() {
            self.set(&name, value.into_owned());
        }
        Ok(())
    }
}

/// `name = value` pairs; a value in single quotes may hold spaces, a backslash takes the next character with it.
fn pairs(text: &str) -> Result<Vec<(String, String)>, &'static str> {
    const BROKEN: &str = "cannot be read: expected postgres://user:password@host:port/database or host=… dbname=…";
    let mut chars = text.chars().peekable();
    let mut pairs = Vec::new();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.peek().is_none() {
            return Ok(pairs);
        }
        let mut name = String::new();
        while let Some(c) = chars.next_if(|c| *c != '=' && !c.is_whitespace()) {
            name.push(c);
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if name.is_empty() || chars.next() != Some('=') {
            return Err(BROKEN);
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let is_quoted = chars.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        loop {
            match chars.next() {
                None if is_quoted => return Err(BROKEN),
                None => break,
                Some('\'') if is_quoted => break,
                Some(c) if c.is_whitespace() && !is_quoted => break,
                Some('\\') => value.extend(chars.next()),
                Some(c) => value.push(c),
            }
        }
        pairs.push((name, value));
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |at: usize| after.get(at).and_then(|c| char::from(*c).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).ok()?);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// The first of these fields, as text; a port may be a number.
fn text(map: &Map<String, Value>, names: &[&str]) -> Result<Option<String>, String> {
    let found =
        names.iter().find_map(|name| map.get(*name).filter(|value| !value.is_null()).map(|value| (name, value)));
    match found {
        None => Ok(None),
        Some((_, Value::String(text))) => Ok(Some(text.clone())),
        Some((_, Value::Number(number))) => Ok(Some(number.to_string())),
        Some((name, other)) => Err(format!("has a `{name}` that must be text, not {}", kind(other))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(credential: &Value) -> Result<String, String> {
        let target = Target::of("c", credential, None).map_err(|error| error.message)?;
        let password = target.password.clone().unwrap_or_default();
        Ok(format!(
            "{}:{password}@{}:{}/{} {}",
            target.user, target.host, target.port, target.database, target.ssl_mode
        ))
    }

    #[test]
    fn credentials_come_in_several_forms() {
        for (credential, expect) in [
            (
                json!({"host": "db", "port": 5433, "user": "u", "password": "p", "database": "d", "sslmode": "require"}),
                "u:p@db:5433/d require",
            ),
            (
                json!({"db_host": "db", "db_port": "5433", "db_user": "u", "db_password": "p", "db_name": "d"}),
                "u:p@db:5433/d prefer",
            ),
            (json!({"url": "postgres://u:p%40%2F@db:5433/d?sslmode=disable"}), "u:p@/@db:5433/d disable"),
            (json!({"url": "postgresql+asyncpg://u@[::1]/d", "password": "p"}), "u:p@::1:5432/d prefer"),
            (
                json!({"dsn": r"host=db user = u password='it\'s p' dbname=d connect_timeout=3"}),
                "u:it's p@db:5432/d prefer",
            ),
            (json!({"host": "/run/postgresql", "user": "u"}), "u:@/run/postgresql:5432/u prefer"),
        ] {
            assert_eq!(read(&credential).as_deref(), Ok(expect), "{credential}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_never_repeated() {
        for (credential, part) in [
            (json!("hunter2"), "it is a string"),
            (json!({"user": "u", "password": "hunter2"}), "has no `host`"),
            (json!({"host": "h", "password": "hunter2"}), "has no `user`"),
            (json!({"host": "h", "user": "u", "port": "hunter2"}), "`port` that is no port number"),
            (json!({"host": "h", "user": "u", "sslmode": "hunter2"}), "`sslmode` that is none of"),
            (json!({"host": "h", "user": "u", "password": ["hunter2"]}), "`password` that must be text, not a list"),
            (json!({"url": "mysql://u:hunter2@h/d"}), "a url that is no postgres:// URL"),
            (json!({"url": "hunter2"}), "a url that cannot be read"),
            (json!({"url": "postgres://u:hunter2@h:port/d"}), "a url that cannot be read"),
        ] {
            let message = read(&credential).expect_err("must be refused");
            assert!(message.contains(part) && !message.contains("hunter2"), "{message}: {part}");
        }
    }
}
