//! Where the key of stored credentials is, and the secrets that steps may name.

use super::{ConfigError, Sources};
use runtime::credentials::KeySource;
use secrecy::SecretString;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

/// Variables with this prefix are secrets for steps, named by what follows it; [`KEY_FILE`] is none.
const PREFIX: &str = "SIGNALBOX_SECRET_";
const KEY_FILE: &str = "SIGNALBOX_SECRET_KEY_FILE";

/// `Debug` tells the names.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// The file the operator named for the key.
    pub key_file: Option<PathBuf>,
    /// Secrets of the environment, by the names that playbooks give them.
    pub variables: BTreeMap<String, SecretString>,
}

impl Secrets {
    /// # Errors
    /// Names the flag, variable or file and key that is wrong.
    pub(super) fn read(
        sources: &Sources,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let key_file = sources.pick("secret_key_file", |layer| layer.secret_key_file.clone()).map(|given| given.path());
        let allowed = sources.pick("secrets_env_allow", |layer| layer.secrets_env_allow.clone());
        for pattern in allowed.iter().flat_map(|given| &given.value) {
            let name = pattern.strip_suffix('*').unwrap_or(pattern);
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                let given = allowed.as_ref().expect("a pattern comes from what was given");
                return Err(given.cannot(format!("`{pattern}` is no variable's name, nor one's beginning with a `*`")));
            }
        }
        let patterns = allowed.map(|given| given.value).unwrap_or_default();
        let mut variables = BTreeMap::new();
        let mut prefixed = BTreeMap::new();
        for (name, value) in environment {
            let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) else { continue };
            if name == KEY_FILE || value.is_empty() {
                continue;
            }
            if let Some(bare) = name.strip_prefix(PREFIX) {
                prefixed.insert(bare.to_owned(), SecretString::from(value));
            } else if patterns.iter().any(|pattern| is_meant(pattern, &name)) {
                variables.insert(name, SecretString::from(value));
            }
        }
        variables.extend(prefixed);
        Ok(Self { key_file, variables })
    }

    /// The named file; else our own beside the data folder, never in it: a copy of the folder is not the key's.
    pub fn key_source(&self, data: &Path) -> KeySource {
        if let Some(file) = &self.key_file {
            return KeySource::Named(file.clone());
        }
        let folder = std::fs::canonicalize(data).unwrap_or_else(|_| data.to_owned());
        let mut name = folder.file_name().unwrap_or_default().to_owned();
        name.push(".key");
        KeySource::Own(folder.with_file_name(name))
    }
}

fn is_meant(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layer;

    fn read(allow: &[&str]) -> Result<Secrets, ConfigError> {
        let list = allow.iter().map(|pattern| (*pattern).to_owned()).collect();
        let layer = Layer { secrets_env_allow: Some(list), ..Layer::default() };
        let sources = Sources { environment: layer, ..Sources::default() };
        let environment = [
            ("SIGNALBOX_SECRET_A", "1"),
            ("SIGNALBOX_SECRET_EMPTY", ""),
            ("SIGNALBOX_SECRET_KEY_FILE", "/etc/key"),
            ("SIGNALBOX_SECRET_OPENAI_KEY", "ours"),
            ("OPENAI_KEY", "theirs"),
            ("OPENAI_ORG", "2"),
            ("PATH", "/bin"),
        ];
        Secrets::read(&sources, environment.into_iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn only_what_is_meant_for_steps_is_a_secret() {
        for (allow, names) in [
            (&[] as &[&str], vec!["A", "OPENAI_KEY"]),
            (&["OPENAI_ORG"], vec!["A", "OPENAI_KEY", "OPENAI_ORG"]),
            (&["OPENAI_*", "NONE"], vec!["A", "OPENAI_KEY", "OPENAI_ORG"]),
        ] {
            let secrets = read(allow).expect("a good list");
            assert_eq!(secrets.variables.keys().collect::<Vec<_>>(), names, "{allow:?}");
            let ours = secrecy::ExposeSecret::expose_secret(&secrets.variables["OPENAI_KEY"]);
            assert_eq!(ours, "ours", "a variable meant for us goes before another");
        }
        for wrong in ["*", "", "A-B", "A*B"] {
            let error = read(&[wrong]).expect_err("refused").to_string();
            assert!(error.contains("SIGNALBOX_SECRETS_ENV_ALLOW"), "{error}");
        }
    }

    #[test]
    fn the_key_is_beside_the_data_and_never_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("a folder");
        let KeySource::Own(path) = Secrets::default().key_source(&data.join(".")) else { panic!("ours") };
        assert_eq!(path, std::fs::canonicalize(folder.path()).expect("there").join("data.key"));
    }
}
