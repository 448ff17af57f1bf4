//! What other programs may publish, and how measurements are sent on.

use super::{
    ConfigError, Sources,
    layer::{Layer, Number},
};
use hub::MetricBuffers;

/// What can be set about S1's streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Streams {
    pub publishing: runtime::Streams,
    pub buffers: MetricBuffers,
}

impl Streams {
    pub(super) fn read(sources: &Sources) -> Result<Self, ConfigError> {
        let mut streams = Self::default();
        if let Some(per_s) = number(sources, "publish_rate", |layer| layer.publish_rate.clone(), 0, "0 for no limit")? {
            streams.publishing.messages_per_s = (per_s > 0).then_some(per_s);
        }
        let most = "1 sends each by itself";
        if let Some(size) = number(sources, "buffer_size", |layer| layer.buffer_size.clone(), 1, most)? {
            streams.buffers.size = size;
        }
        let of = |layer: &Layer| layer.buffer_flush_interval.clone();
        if let Some(ms) = number(sources, "buffer_flush_interval", of, 0, "milliseconds; 0 sends each at once")? {
            streams.buffers.flush_interval_ms = u64::from(ms);
        }
        Ok(streams)
    }
}

fn number(
    sources: &Sources,
    name: &str,
    of: impl Fn(&Layer) -> Option<Number>,
    least: u32,
    hint: &str,
) -> Result<Option<u32>, ConfigError> {
    let Some(given) = sources.pick(name, of) else { return Ok(None) };
    let read = given.value.read().and_then(|number| u32::try_from(number).ok()).filter(|number| *number >= least);
    read.map(Some).ok_or_else(|| given.cannot(format!("expected a whole number from {least}; {hint}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_numbers_wherever_they_are_written() {
        let of = |text: &str| {
            let file = toml::from_str(text).expect("TOML");
            Streams::read(&Sources { file: Some(("signalbox.toml".into(), file)), ..Sources::default() })
        };
        for (text, per_s, size, interval) in [
            ("", Some(5_000), 50, 1_000),
            ("publish_rate = 7", Some(7), 50, 1_000),
            ("publish_rate = '0'\nbuffer_size = 1\nbuffer_flush_interval = '0'", None, 1, 0),
        ] {
            let streams = of(text).expect("in order");
            let told = (streams.publishing.messages_per_s, streams.buffers.size, streams.buffers.flush_interval_ms);
            assert_eq!(told, (per_s, size, interval), "{text}");
        }
        for wrong in ["publish_rate = -1", "publish_rate = 'fast'", "publish_rate = 5000000000", "buffer_size = 0"] {
            assert!(of(wrong).is_err_and(|error| error.to_string().contains("whole number")), "{wrong}");
        }
    }

    #[test]
    fn the_variables_have_the_names_of_s1_too() {
        let variable = |name: &str| match name {
            "BUFFER_SIZE" => Some("10".to_owned()),
            "BUFFER_FLUSH_INTERVAL" => Some("200".to_owned()),
            "SIGNALBOX_BUFFER_FLUSH_INTERVAL" => Some("300".to_owned()),
            _ => None,
        };
        let sources = Sources::gather_from(Layer::default(), None, &variable).expect("sources");
        let buffers = Streams::read(&sources).expect("in order").buffers;
        assert_eq!(buffers, MetricBuffers { size: 10, flush_interval_ms: 300 });
    }

    #[test]
    fn what_is_wrong_is_named_as_it_was_written() {
        for (variables, named) in [
            (&["BUFFER_SIZE"][..], "BUFFER_SIZE: "),
            (&["BUFFER_FLUSH_INTERVAL"], "BUFFER_FLUSH_INTERVAL: "),
            (&["SIGNALBOX_BUFFER_SIZE"], "SIGNALBOX_BUFFER_SIZE: "),
            (&["SIGNALBOX_BUFFER_SIZE", "BUFFER_SIZE"], "SIGNALBOX_BUFFER_SIZE: "),
            (&["SIGNALBOX_PUBLISH_RATE"], "SIGNALBOX_PUBLISH_RATE: "),
        ] {
            let variable = |name: &str| variables.contains(&name).then(|| "lots".to_owned());
            let sources = Sources::gather_from(Layer::default(), None, &variable).expect("sources");
            let error = Streams::read(&sources).expect_err("no number").to_string();
            assert!(error.starts_with(named), "{variables:?}: {error}");
        }
    }
}
