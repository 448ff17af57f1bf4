//! Measurements rolled up on their way to the store: counts, sums and extremes of 5 s, 1 min and 5 min. By the time of
//! their arrival: what programs say of when they measured is shown, and not trusted.

use protocol::{Timestamp, event::PerformanceMetric};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use store::{MetricKey, MetricRow};

/// What a row stands for, and how long it is kept: finer ones for charts of the last hour and day.
pub(crate) const RESOLUTIONS: [(u64, u64); 3] = [(5_000, 3_600_000), (60_000, 86_400_000), (300_000, 30 * 86_400_000)];

/// Series one server rolls up. A name or an agent beyond is shown to who looks and told by [`Rollup::left_out`], and
/// has no chart: a program that makes up names must not fill the store.
pub(crate) const SERIES: usize = 1_000;
/// A series of which nothing came for so long makes room.
const IDLE_MS: u64 = 3_600_000;

#[derive(Default)]
pub(crate) struct Rollup(Mutex<State>);

#[derive(Default)]
struct State {
    series: HashMap<MetricKey, Series>,
    left_out: u64,
    /// Some were since [`Rollup::take_news_of_left_out`] was last asked.
    is_news: bool,
    /// Rows that are whole.
    whole: Vec<MetricRow>,
}

struct Series {
    unit: String,
    category: &'static str,
    open: [Option<Bucket>; RESOLUTIONS.len()],
    heard_at: Timestamp,
}

#[derive(Clone, Copy)]
struct Bucket {
    at: i64,
    count: u64,
    total: f64,
    least: f64,
    most: f64,
}

impl Rollup {
    /// Takes a measurement in. `server` measured it, or it is a program's (empty). False when there are too many series.
    pub(crate) fn add(&self, metric: &PerformanceMetric, server: &str, now: Timestamp) -> bool {
        let key = MetricKey {
            name: metric.metric_name.clone(),
            agent_id: metric.agent_id.clone().unwrap_or_default(),
            server: server.to_owned(),
        };
        let mut state = self.lock();
        let State { series, left_out, is_news, whole } = &mut *state;
        if series.len() >= SERIES && !series.contains_key(&key) {
            *left_out += 1;
            *is_news = true;
            return false;
        }
        let category = metric.category.word();
        let one = series.entry(key.clone()).or_insert_with(|| Series {
            unit: metric.unit.clone(),
            category,
            open: [None; RESOLUTIONS.len()],
            heard_at: now,
        });
        one.unit.clone_from(&metric.unit);
        one.category = category;
        one.heard_at = now;
        for (index, (resolution, _)) in RESOLUTIONS.into_iter().enumerate() {
            let at = now.0 - now.0.rem_euclid(resolution.cast_signed());
            if let Some(closed) = one.open[index].take_if(|bucket| bucket.at != at) {
                whole.push(row(&key, one, resolution, closed));
            }
            let bucket = one.open[index].get_or_insert(Bucket {
                at,
                count: 0,
                total: 0.0,
                least: f64::INFINITY,
                most: f64::NEG_INFINITY,
            });
            bucket.count += 1;
            bucket.total += metric.value;
            bucket.least = bucket.least.min(metric.value);
            bucket.most = bucket.most.max(metric.value);
        }
        true
    }

    /// Rows whose time is over; with `all`, those too whose time is not.
    pub(crate) fn take(&self, now: Timestamp, all: bool) -> Vec<MetricRow> {
        let mut state = self.lock();
        let State { series, whole, .. } = &mut *state;
        for (key, one) in series.iter_mut() {
            for (index, (resolution, _)) in RESOLUTIONS.into_iter().enumerate() {
                let is_over = |bucket: &mut Bucket| all || now.0 >= bucket.at + resolution.cast_signed();
                if let Some(closed) = one.open[index].take_if(is_over) {
                    whole.push(row(key, one, resolution, closed));
                }
            }
        }
        series.retain(|_, one| now.ms_since(one.heard_at) < IDLE_MS);
        std::mem::take(whole)
    }

    /// Measurements that were not rolled up, because there were too many series.
    pub(crate) fn left_out(&self) -> u64 {
        self.lock().left_out
    }

    /// Whether any were left out since this was last asked.
    pub(crate) fn take_news_of_left_out(&self) -> bool {
        std::mem::take(&mut self.lock().is_news)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn row(key: &MetricKey, series: &Series, resolution_ms: u64, bucket: Bucket) -> MetricRow {
    MetricRow {
        key: key.clone(),
        resolution_ms,
        at: Timestamp(bucket.at),
        unit: series.unit.clone(),
        category: series.category.to_owned(),
        count: bucket.count,
        total: bucket.total,
        least: bucket.least,
        most: bucket.most,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::event::MetricCategory;

    const T: i64 = 1_700_000_100_000;

    fn metric(name: &str, value: f64) -> PerformanceMetric {
        PerformanceMetric {
            metric_name: name.to_owned(),
            value,
            unit: "ms".to_owned(),
            category: MetricCategory::System,
            agent_id: None,
            timestamp: Timestamp(0),
            metadata: None,
        }
    }

    #[test]
    fn each_resolution_has_its_own_stretches_and_none_is_told_twice() {
        let rollup = Rollup::default();
        for second in 0..65 {
            rollup.add(&metric("cpu", f64::from(second)), "here", Timestamp(T + i64::from(second) * 1_000));
        }
        let now = Timestamp(T + 65_000);
        let mut rows = rollup.take(now, false);
        rows.sort_by_key(|row| (row.resolution_ms, row.at));
        let told: Vec<_> = rows.iter().map(|row| (row.resolution_ms, row.at.0 - T, row.count)).collect();
        let fives = (0..13).map(|n| (5_000, n * 5_000, 5));
        assert_eq!(told, fives.chain([(60_000, 0, 60)]).collect::<Vec<_>>());
        assert_eq!((rows[0].total, rows[0].least, rows[0].most), (10.0, 0.0, 4.0));
        assert_eq!(rollup.take(now, false), []);
        let rest = rollup.take(now, true);
        let told: Vec<_> = rest.iter().map(|row| (row.resolution_ms, row.at.0 - T, row.count)).collect();
        assert_eq!(told, [(60_000, 60_000, 5), (300_000, 0, 65)]);
    }

    #[test]
    fn so_many_series_and_no_more_until_some_are_silent() {
        let rollup = Rollup::default();
        for n in 0..SERIES {
            assert!(rollup.add(&metric(&n.to_string(), 1.0), "", Timestamp(T)));
        }
        assert!(!rollup.add(&metric("one more", 1.0), "", Timestamp(T)));
        assert!(rollup.add(&metric("0", 1.0), "", Timestamp(T)), "it is known");
        assert_eq!(rollup.left_out(), 1);
        assert!(rollup.take_news_of_left_out());
        assert!(!rollup.take_news_of_left_out(), "it was told");
        let rows = rollup.take(Timestamp(T + 3_600_000), false);
        assert_eq!(rows.len(), SERIES * 3);
        assert!(rollup.add(&metric("one more", 1.0), "", Timestamp(T + 3_600_000)));
    }
}
