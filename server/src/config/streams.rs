//! What other programs may publish.

use super::{ConfigError, Sources};
use runtime::Streams;

pub(super) fn read(sources: &Sources) -> Result<Streams, ConfigError> {
    let mut streams = Streams::default();
    if let Some(given) = sources.pick("publish_rate", |layer| layer.publish_rate.clone()) {
        let per_s = given.value.read().and_then(|per_s| u32::try_from(per_s).ok());
        let per_s = per_s.ok_or_else(|| given.cannot("expected a number of messages a second; 0 for no limit"))?;
        streams.messages_per_s = (per_s > 0).then_some(per_s);
    }
    Ok(streams)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_none_is_0() {
        let of = |text: &str| {
            let file = toml::from_str(text).expect("TOML");
            read(&Sources { file: Some(("signalbox.toml".into(), file)), ..Sources::default() })
        };
        for (text, per_s) in [("", Some(5_000)), ("publish_rate = 7", Some(7)), ("publish_rate = '0'", None)] {
            assert_eq!(of(text).expect("in order").messages_per_s, per_s, "{text}");
        }
        for wrong in ["publish_rate = -1", "publish_rate = 'fast'", "publish_rate = 5000000000"] {
            assert!(of(wrong).is_err_and(|error| error.to_string().contains("messages a second")), "{wrong}");
        }
    }
}
