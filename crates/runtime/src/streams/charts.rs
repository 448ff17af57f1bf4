//! Measurements over time: into the store, and out again for charts.

use super::{
    rollup::{RESOLUTIONS, SERIES},
    troubles::Trouble,
};
use crate::{Api, api::from_store};
use protocol::{
    Problem, Timestamp,
    api::{Series, SeriesList, SeriesPage, SeriesPoint, SeriesQuery, SeriesSummary},
    event::Severity,
};
use store::MetricRow;

const HOUR_MS: i64 = 3_600_000;
/// Of the newest row still being filled, when it is looked for by age.
const SLACK_MS: i64 = 10_000;

impl Api {
    /// What was measured under a name: in rows of 5 s where all of it is of the last hour, of 1 min in the last day,
    /// else of 5 min, of the last 30 days.
    ///
    /// # Errors
    /// `query_parameter` when it ends before it begins; when the store cannot be read.
    pub async fn metric_series(&self, query: SeriesQuery) -> Result<SeriesPage, Problem> {
        let shared = self.shared();
        let now = shared.environment.now();
        let until = query.until.map_or(now, Timestamp);
        let from = query.from.map_or(Timestamp(until.0.saturating_sub(HOUR_MS)), Timestamp);
        if from >= until {
            let detail = format!("`from` is {}, at or after `until`, which is {}", from.0, until.0);
            return Err(Problem::bad_request("query_parameter", detail));
        }
        let reaches = |(_, kept): &&(u64, u64)| from.0 >= now.0 - kept.cast_signed() - SLACK_MS;
        let (resolution, _) = RESOLUTIONS.iter().find(reaches).unwrap_or(&RESOLUTIONS[RESOLUTIONS.len() - 1]);
        // The row `from` is in counts.
        let first = Timestamp(from.0 - from.0.rem_euclid(resolution.cast_signed()));
        let rows = shared.store.metrics(&query.name, query.agent_id.as_deref(), *resolution, first, until).await;
        let mut series: Vec<Series> = Vec::new();
        let mut last = None;
        for MetricRow { key, at, unit, category, count, total, least, most, .. } in rows.map_err(from_store)? {
            if last.as_ref() != Some(&key) {
                let (agent_id, server) = (filled(&key.agent_id), filled(&key.server));
                series.push(Series { agent_id, server, unit, category, points: Vec::new() });
                last = Some(key);
            }
            let mean = if count == 0 { 0.0 } else { total / count as f64 };
            if let Some(series) = series.last_mut() {
                series.points.push(SeriesPoint { at, count, mean, min: least, max: most });
            }
        }
        Ok(SeriesPage { name: query.name, from, until, resolution_ms: *resolution, series })
    }

    /// What was measured in the last day.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn metric_names(&self) -> Result<SeriesList, Problem> {
        let shared = self.shared();
        let (resolution, kept) = RESOLUTIONS[1];
        let since = Timestamp(shared.environment.now().0 - kept.cast_signed());
        let names = shared.store.metric_names(resolution, since).await.map_err(from_store)?;
        let of = |name: store::MetricName| SeriesSummary {
            agent_id: filled(&name.key.agent_id),
            server: filled(&name.key.server),
            name: name.key.name,
            unit: name.unit,
            category: name.category,
            last_at: name.last_at,
        };
        Ok(SeriesList { series: names.into_iter().map(of).collect() })
    }

    /// Writes what is whole; with `all`, everything.
    pub(crate) async fn keep_metrics(&self, all: bool) -> Result<(), Problem> {
        let shared = self.shared();
        if shared.rollup.take_news_of_left_out() {
            let message = format!(
                "more than {SERIES} different measurements: those of names and agents beyond are shown, and have no \
                 charts; let programs use fewer `metricName`s"
            );
            tracing::warn!("{message}");
            shared.troubles.tell(Trouble {
                severity: Severity::Warning,
                component: "metrics".to_owned(),
                code: "too_many_series",
                about: "metrics".to_owned(),
                message,
            });
        }
        let rows = shared.rollup.take(shared.environment.now(), all);
        shared.store.add_metrics(rows).await.map_err(from_store)
    }
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
