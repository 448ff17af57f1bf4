//! How long what is over is kept.

use super::{ConfigError, Sources, layer::Layer};
use runtime::Retention;

const DAY_MS: u64 = 86_400_000;
const EXECUTIONS_DAYS: u64 = 30;
const ALERTS_DAYS: u64 = 90;
const MESSAGES_DAYS: u64 = 30;

pub(super) fn read(sources: &Sources) -> Result<Retention, ConfigError> {
    Ok(Retention {
        executions_ms: days(sources, "retention_days", |layer| layer.retention_days.clone(), EXECUTIONS_DAYS)?,
        alerts_ms: days(sources, "alert_retention_days", |layer| layer.alert_retention_days.clone(), ALERTS_DAYS)?,
        messages_ms: days(
            sources,
            "message_retention_days",
            |layer| layer.message_retention_days.clone(),
            MESSAGES_DAYS,
        )?,
    })
}

/// In milliseconds; 0 days are for ever.
fn days(
    sources: &Sources,
    name: &str,
    of: impl Fn(&Layer) -> Option<super::layer::Number>,
    usual: u64,
) -> Result<Option<u64>, ConfigError> {
    let days = match sources.pick(name, of) {
        None => usual,
        Some(given) => given
            .value
            .read()
            .filter(|days| *days <= 36_500)
            .ok_or_else(|| given.cannot("expected a number of days, 0 to 36500; 0 keeps everything"))?,
    };
    Ok((days > 0).then_some(days * DAY_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_a_number_wherever_they_are_written() {
        let of = |text: &str| {
            let file = toml::from_str(text).expect("TOML");
            read(&Sources { file: Some(("signalbox.toml".into(), file)), ..Sources::default() })
        };
        let kept = |days: u64| Some(days * DAY_MS);
        let usual = Retention { executions_ms: kept(30), alerts_ms: kept(90), messages_ms: kept(30) };
        assert_eq!(of("").expect("usual"), usual);
        let given = of("retention_days = 7\nalert_retention_days = '0'\nmessage_retention_days = 1").expect("in order");
        assert_eq!(given, Retention { executions_ms: kept(7), alerts_ms: None, messages_ms: kept(1) });
        for wrong in ["retention_days = 'soon'", "retention_days = 40000", "alert_retention_days = -1"] {
            assert!(of(wrong).is_err_and(|error| error.to_string().contains("number of days")), "{wrong}");
        }
    }
}
