//! Names the server answers to besides its own address, for tunnels and local proxies.

use super::{ConfigError, Sources};

pub(super) fn read(sources: &Sources) -> Result<Vec<String>, ConfigError> {
    let Some(given) = sources.pick("hosts", |layer| layer.hosts.clone()) else { return Ok(Vec::new()) };
    for host in &given.value {
        let plain = !host.is_empty()
            && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']' | '_'));
        if !plain {
            return Err(given
                .cannot(format!("`{host}` is no host name; expected NAME or NAME:PORT, without scheme, path or `*`")));
        }
    }
    Ok(given.value.iter().map(|host| host.to_ascii_lowercase()).collect())
}
