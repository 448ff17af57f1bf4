//! The three places a setting can come from, and which of them wins.

use super::{ConfigError, file};
use serde::{Deserialize, Deserializer};
use std::path::{Path, PathBuf};

/// Settings as one source gives them; also the shape of `signalbox.toml`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    pub listen: Option<String>,
    pub hosts: Option<Vec<String>>,
    pub origins: Option<Vec<String>>,
    /// `required`: also who is at this machine proves who they are.
    pub auth: Option<String>,
    /// The proxies that end TLS before this server: addresses and networks.
    pub proxy: Option<Vec<String>>,
    /// The file with the secret of HS256 tokens.
    pub jwt_secret_file: Option<String>,
    pub jwt_jwks_url: Option<String>,
    pub jwt_issuer: Option<String>,
    pub jwt_audience: Option<String>,
    pub jwt_role_claim: Option<String>,
    /// `WORD=ROLE`: what words of the role's claim mean.
    pub jwt_roles: Option<Vec<String>>,
    pub data: Option<String>,
    pub store: Option<String>,
    pub bus: Option<String>,
    pub roles: Option<Vec<String>>,
    pub hub: Option<String>,
    pub log: Option<String>,
    /// The interpreter of `python` steps.
    pub python: Option<String>,
    /// Hosts `http` steps may connect to although they are on loopback: `localhost:8080`, `127.0.0.1` …
    pub http_allow: Option<Vec<String>>,
    /// The file with the key of stored credentials.
    pub secret_key_file: Option<String>,
    /// Variables of the environment, besides `SIGNALBOX_SECRET_…`, that steps may name as secrets: `NAME`, `START*`.
    pub secrets_env_allow: Option<Vec<String>>,
    /// Step types whose work a server does itself: `all`, `none`, or a list.
    #[serde(default, deserialize_with = "word_or_list")]
    pub providers: Option<Vec<String>>,
    /// How long executions are kept after their end, and alerts.
    pub retention_days: Option<Number>,
    pub alert_retention_days: Option<Number>,
    /// The same of what other programs publish.
    pub message_retention_days: Option<Number>,
    /// Messages one publisher may send each second; 0: as many as it likes.
    pub publish_rate: Option<Number>,
    /// Measurements sent to a room at once, and how long the first of them waits, in milliseconds.
    pub buffer_size: Option<Number>,
    pub buffer_flush_interval: Option<Number>,
}

/// A number: as such in the file, as text in a variable.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Number {
    Number(i64),
    Text(String),
}

impl Number {
    /// `None` when it is none, or below 0.
    pub fn read(&self) -> Option<u64> {
        match self {
            Number::Number(number) => u64::try_from(*number).ok(),
            Number::Text(text) => text.trim().parse().ok(),
        }
    }
}

/// The names an environment variable of ours can have, without `SIGNALBOX_`.
const VARIABLES: &[&str] = &[
    "LISTEN",
    "HOSTS",
    "ORIGINS",
    "AUTH",
    "PROXY",
    "TOKEN",
    "JWT_SECRET_FILE",
    "JWT_JWKS_URL",
    "JWT_ISSUER",
    "JWT_AUDIENCE",
    "JWT_ROLE_CLAIM",
    "JWT_ROLES",
    "DATA",
    "STORE",
    "BUS",
    "ROLES",
    "HUB",
    "LOG",
    "PYTHON",
    "HTTP_ALLOW",
    "PROVIDERS",
    "CONFIG",
    "SERVER",
    "SECRETS_ENV_ALLOW",
    "RETENTION_DAYS",
    "ALERT_RETENTION_DAYS",
    "MESSAGE_RETENTION_DAYS",
    "PUBLISH_RATE",
    "BUFFER_SIZE",
    "BUFFER_FLUSH_INTERVAL",
];

/// Settings whose variable may have S1's own name, without `SIGNALBOX_`.
const PLAIN: [&str; 2] = ["buffer_size", "buffer_flush_interval"];

/// All sources, in order of precedence.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    pub flags: Layer,
    pub environment: Layer,
    pub file: Option<(PathBuf, Layer)>,
    /// Settings of the environment, as in the file, that are there under S1's own name of the variable.
    pub plain: Vec<&'static str>,
    /// Variables of `cargo leptos` and the desktop (`LEPTOS_…`, `HOME`, `XDG_DATA_HOME`).
    pub surroundings: Vec<(String, String)>,
}

/// A value and where it was written.
#[derive(Clone, Debug)]
pub struct Given<T> {
    pub value: T,
    pub place: String,
    /// The folder relative paths are meant from, when it is not the working directory.
    pub base: Option<PathBuf>,
}

impl Sources {
    /// Reads the environment and the file: `config` (the flag), else `SIGNALBOX_CONFIG`, else `signalbox.toml`
    /// in the working directory if there is one.
    ///
    /// # Errors
    /// When the file is missing though it was named, or does not read.
    pub fn gather(flags: Layer, config: Option<&Path>) -> Result<Self, ConfigError> {
        Self::gather_from(flags, config, &|name| std::env::var(name).ok())
    }

    /// As [`Sources::gather`], from the given environment.
    ///
    /// # Errors
    /// As [`Sources::gather`].
    pub fn gather_from(
        flags: Layer,
        config: Option<&Path>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let ours = |name: &str| variable(&format!("SIGNALBOX_{name}")).filter(|value| !value.is_empty());
        let theirs = |name: &str| variable(name).filter(|value| !value.is_empty());
        let either = |name: &str| ours(name).or_else(|| theirs(name));
        let list = |name: &str| ours(name).map(|value| split(&value));
        let environment = Layer {
            listen: ours("LISTEN"),
            hosts: list("HOSTS"),
            origins: list("ORIGINS"),
            auth: ours("AUTH"),
            proxy: list("PROXY"),
            jwt_secret_file: ours("JWT_SECRET_FILE"),
            jwt_jwks_url: ours("JWT_JWKS_URL"),
            jwt_issuer: ours("JWT_ISSUER"),
            jwt_audience: ours("JWT_AUDIENCE"),
            jwt_role_claim: ours("JWT_ROLE_CLAIM"),
            jwt_roles: list("JWT_ROLES"),
            data: ours("DATA"),
            store: ours("STORE"),
            bus: ours("BUS"),
            roles: list("ROLES"),
            hub: ours("HUB"),
            log: ours("LOG"),
            python: ours("PYTHON"),
            http_allow: list("HTTP_ALLOW"),
            secret_key_file: ours("SECRET_KEY_FILE"),
            secrets_env_allow: list("SECRETS_ENV_ALLOW"),
            providers: list("PROVIDERS"),
            retention_days: ours("RETENTION_DAYS").map(Number::Text),
            alert_retention_days: ours("ALERT_RETENTION_DAYS").map(Number::Text),
            message_retention_days: ours("MESSAGE_RETENTION_DAYS").map(Number::Text),
            publish_rate: ours("PUBLISH_RATE").map(Number::Text),
            // `PLAIN`.
            buffer_size: either("BUFFER_SIZE").map(Number::Text),
            buffer_flush_interval: either("BUFFER_FLUSH_INTERVAL").map(Number::Text),
        };
        let named = config.map(Path::to_owned).or_else(|| ours("CONFIG").map(PathBuf::from));
        let surroundings = ["HOME", "XDG_DATA_HOME"]
            .into_iter()
            .chain(super::site::VARIABLES)
            .chain(super::origins::VARIABLES)
            .filter_map(|name| Some((name.to_owned(), variable(name)?)))
            .collect();
        let is_plain = |name: &&str| ours(&name.to_uppercase()).is_none() && theirs(&name.to_uppercase()).is_some();
        let plain = PLAIN.into_iter().filter(is_plain).collect();
        Ok(Self { flags, environment, file: file::read(named.as_deref())?, plain, surroundings })
    }

    /// The first source that has it. `name` as in the file.
    pub fn pick<T>(&self, name: &str, of: impl Fn(&Layer) -> Option<T>) -> Option<Given<T>> {
        if let Some(value) = of(&self.flags) {
            return Some(Given { value, place: format!("--{}", name.replace('_', "-")), base: None });
        }
        if let Some(value) = of(&self.environment) {
            let prefix = if self.plain.contains(&name) { "" } else { "SIGNALBOX_" };
            return Some(Given { value, place: format!("{prefix}{}", name.to_uppercase()), base: None });
        }
        let (path, layer) = self.file.as_ref()?;
        let base = path.parent().map(Path::to_owned);
        of(layer).map(|value| Given { value, place: format!("`{name}` in {}", path.display()), base })
    }

    pub fn surrounding(&self, name: &str) -> Option<&str> {
        self.surroundings.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl<T> Given<T> {
    /// The value cannot be used, and why.
    pub fn cannot(&self, message: impl Into<String>) -> ConfigError {
        ConfigError::Value { place: self.place.clone(), message: message.into() }
    }
}

impl Given<String> {
    /// The value as a path; one in a file is relative to the file.
    pub fn path(&self) -> PathBuf {
        match &self.base {
            Some(base) => base.join(&self.value),
            None => PathBuf::from(&self.value),
        }
    }
}

/// Variables that begin with `SIGNALBOX_` and mean nothing to this program: probably misspelt.
pub fn unknown_variables(names: impl Iterator<Item = String>) -> Vec<String> {
    let ours = |name: &String| {
        name.strip_prefix("SIGNALBOX_")
            .is_some_and(|rest| rest != "SITE_DIR" && !rest.starts_with("SECRET_") && !VARIABLES.contains(&rest))
    };
    names.filter(ours).collect()
}

/// `"none"` is as good as `["none"]`.
fn word_or_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a word or a list of words")]
    enum Either {
        Word(String),
        List(Vec<String>),
    }
    Ok(Some(match Either::deserialize(deserializer)? {
        Either::Word(word) => split(&word),
        Either::List(list) => list,
    }))
}

fn split(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}
