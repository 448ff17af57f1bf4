//! A measurement over the last minutes.

use crate::{Envelope, Event, Timestamp, api::SeriesPage};
use serde::{Deserialize, Serialize};

/// What servers measured of themselves under one name: a value for each stretch of `resolution_ms`, the mean of those
/// who measured. Where nothing was measured there is none. What programs publish under the same name is not theirs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChartView {
    pub name: String,
    pub unit: String,
    pub resolution_ms: u64,
    /// When the first stretch begins.
    pub from: Timestamp,
    /// Oldest first; the last is still being measured.
    pub values: Vec<Option<f64>>,
}

impl ChartView {
    pub fn of(page: &SeriesPage) -> Self {
        let resolution_ms = page.resolution_ms.max(1);
        let width = resolution_ms.cast_signed();
        let from = Timestamp(page.from.0.div_euclid(width) * width);
        let count = page.until.ms_since(from).div_ceil(resolution_ms) as usize;
        let mut sums = vec![(0.0, 0.0); count];
        let servers = page.series.iter().filter(|series| series.server.is_some() && series.agent_id.is_none());
        for point in servers.flat_map(|series| &series.points) {
            let at = (point.at.ms_since(from) / resolution_ms) as usize;
            if let Some((sum, of)) = sums.get_mut(at).filter(|_| point.at >= from) {
                *sum += point.mean;
                *of += 1.0;
            }
        }
        let unit = page.series.first().map(|series| series.unit.clone()).unwrap_or_default();
        let values = sums.into_iter().map(|(sum, of)| (of > 0.0).then(|| sum / of)).collect();
        Self { name: page.name.clone(), unit, resolution_ms, from, values }
    }

    /// Takes in a measurement of this name by a server.
    pub fn apply(&mut self, envelope: &Envelope) {
        let Event::PerformanceMetric(metric) = &envelope.event else { return };
        let is_of_server = metric.metadata.as_ref().is_some_and(|metadata| metadata.contains_key("server"));
        if metric.metric_name != self.name || !is_of_server || metric.timestamp < self.from {
            return;
        }
        self.advance(metric.timestamp);
        if self.unit.is_empty() {
            self.unit.clone_from(&metric.unit);
        }
        let at = (metric.timestamp.ms_since(self.from) / self.resolution_ms.max(1)) as usize;
        if let Some(value) = self.values.get_mut(at) {
            *value = Some(value.map_or(metric.value, |known| (known + metric.value) / 2.0));
        }
    }

    /// Lets time pass: the oldest values go, and what is not measured stays empty.
    pub fn advance(&mut self, now: Timestamp) {
        let resolution_ms = self.resolution_ms.max(1);
        let index = (now.ms_since(self.from) / resolution_ms) as usize;
        let going = (index + 1).saturating_sub(self.values.len());
        if going == 0 || self.values.is_empty() {
            return;
        }
        let count = self.values.len();
        self.values.drain(..going.min(count));
        self.values.resize(count, None);
        self.from = self.from.plus_ms(going as u64 * resolution_ms);
    }

    /// The newest value, if it is not long ago.
    pub fn last(&self) -> Option<f64> {
        self.values.iter().rev().take(4).find_map(|value| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Series, SeriesPoint};
    use serde_json::json;

    fn metric(name: &str, value: f64, timestamp: i64) -> Envelope {
        serde_json::from_value(json!({
            "id": "01998c4e-9c1b-7d2e-8a10-0123456789ab", "position": null, "time": timestamp,
            "type": "performance_metric", "correlation_id": null, "causation_id": null, "traceparent": null,
            "data": {"metricName": name, "value": value, "unit": "percent", "category": "system", "timestamp": timestamp,
                "metadata": {"server": "here"}},
        }))
        .expect("an envelope")
    }

    #[test]
    fn stretches_without_a_measurement_are_gaps_and_old_ones_go() {
        let point = |at, mean| SeriesPoint { at: Timestamp(at), count: 1, mean, min: mean, max: mean };
        let of = |server: Option<&str>, points| Series {
            server: server.map(Into::into),
            unit: "percent".into(),
            category: "system".into(),
            points,
            ..Series::default()
        };
        let page = SeriesPage {
            name: "cpu_usage".into(),
            from: Timestamp(1_002),
            until: Timestamp(6_000),
            resolution_ms: 1_000,
            series: vec![
                of(Some("here"), vec![point(1_000, 1.0), point(3_000, 2.0)]),
                of(Some("there"), vec![point(3_000, 4.0)]),
                of(None, vec![point(4_000, 99.0)]),
            ],
        };
        let mut view = ChartView::of(&page);
        assert_eq!(view.values, [Some(1.0), None, Some(3.0), None, None]);
        view.apply(&metric("memory_usage", 9.0, 5_100));
        view.apply(&metric("cpu_usage", 5.0, 5_100));
        view.apply(&metric("cpu_usage", 9.0, 500));
        assert_eq!(view.values, [Some(1.0), None, Some(3.0), None, Some(5.0)]);
        view.apply(&metric("cpu_usage", 7.0, 7_999));
        assert_eq!(
            (view.from, view.values.as_slice()),
            (Timestamp(3_000), &[Some(3.0), None, Some(5.0), None, Some(7.0)][..])
        );
        view.advance(Timestamp(60_000));
        assert_eq!((view.last(), view.values.len()), (None, 5));
    }
}
