//! The text Prometheus reads (OpenMetrics 1.0).

use super::{process, requests::Requests};
use hub::{BusState, Hub};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, NoLabelSet, text},
    metrics::MetricType,
    registry::{Registry, Unit},
};
use protocol::{Timestamp, api::HubHealth};
use runtime::{Figures, Histogram};
use std::{collections::BTreeMap, fmt};

pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything at one moment.
#[derive(Debug)]
struct Moment {
    figures: Figures,
    hub: HubHealth,
    /// Where there is one.
    bus: Option<BusState>,
    refused: BTreeMap<&'static str, u64>,
    started_at: Timestamp,
}

/// The whole text. Figures of the runtime and the hub are of one moment each.
pub(crate) fn write(
    requests: &Requests,
    figures: Figures,
    hub: &Hub,
    refused: BTreeMap<&'static str, u64>,
    started_at: Timestamp,
) -> String {
    let mut registry = Registry::default();
    let help = "Requests that were let in: how long until their answer began";
    registry.register_with_unit("signalbox_http_request", help, Unit::Seconds, requests.seconds.clone());
    registry.register_collector(Box::new(Moment {
        figures,
        hub: hub.health(),
        bus: hub.bus_state(),
        refused,
        started_at,
    }));
    let mut text = String::new();
    text::encode(&mut text, &registry).expect("a string takes everything");
    text
}

impl Collector for Moment {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Self { figures, hub, bus, refused, started_at } = self;
        let to = &mut encoder;
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        let mut info = to.encode_descriptor("signalbox_build", "This program", None, MetricType::Info)?;
        info.encode_info(&version)?;

        histogram(to, "signalbox_commit", "Commits: from the decision until it is durable", &figures.commit)?;
        histogram(
            to,
            "signalbox_task",
            "Attempts at steps this server took the end of, as whoever ran them told",
            &figures.task,
        )?;
        let help = "From an event's commit until the hub has taken it";
        histogram(to, "signalbox_publish_lag", help, &figures.publish_lag)?;
        family(
            to,
            "signalbox_events",
            "Events this server committed, or showed without keeping them",
            "type",
            &figures.events,
        )?;
        let refused: Vec<(&str, u64)> = refused.iter().map(|(reason, count)| (*reason, *count)).collect();
        family(to, "signalbox_refused", "Requests, connections and frames refused", "reason", &refused)?;

        for (name, help, value) in [
            ("signalbox_flushes", "Flushes to disk made by commits", figures.flushes),
            ("signalbox_websocket_handshakes", "Upgrades accepted", hub.handshakes),
            ("signalbox_websocket_catch_ups", "Times a slow client was sent to the log", hub.catch_ups),
            ("signalbox_websocket_gaps", "Times a client was told that events are missing", hub.gaps),
            ("signalbox_websocket_dropped", "Ephemeral events somebody did not get", hub.dropped),
            ("signalbox_metric_buffer_flushes", "Times collected measurements were sent to a room", hub.flushes),
            ("signalbox_metrics_left_out", "Measurements beyond the series kept", figures.metrics_left_out),
        ] {
            let mut metric = to.encode_descriptor(name, help, None, MetricType::Counter)?;
            metric.encode_counter::<NoLabelSet, _, f64>(&value, None)?;
        }
        for (name, help, value) in [
            ("signalbox_websocket_connections", "Open connections", Some(hub.connections)),
            ("signalbox_websocket_subscriptions", "Subscriptions of all connections", Some(hub.subscriptions)),
            ("signalbox_websocket_topics", "Topics somebody is subscribed to", Some(hub.topics)),
            ("signalbox_metrics_buffered", "Measurements that wait to be sent together", Some(hub.buffered)),
            ("signalbox_queue_depth", "Tasks of the whole store that nobody has taken yet", figures.queue_depth),
            (
                "signalbox_executions_running",
                "Executions of the whole store that have not ended",
                figures.executions_running,
            ),
        ] {
            let Some(value) = value else { continue };
            gauge(to, name, help, None, value as f64)?;
        }
        if let Some(BusState { is_connected, dropped }) = bus {
            gauge(to, "signalbox_bus_connected", "Whether other servers can be heard", None, f64::from(*is_connected))?;
            let help = "Messages for other servers that did not get through";
            let mut lost = to.encode_descriptor("signalbox_bus_dropped", help, None, MetricType::Counter)?;
            lost.encode_counter::<NoLabelSet, _, f64>(dropped, None)?;
        }
        self.process(to, *started_at)
    }
}

impl Moment {
    fn process(&self, to: &mut DescriptorEncoder<'_>, started_at: Timestamp) -> Result<(), fmt::Error> {
        let started = started_at.0 as f64 / 1000.0;
        gauge(to, "process_start_time", "When this process started, since 1970", Some(&Unit::Seconds), started)?;
        let Some(process) = process::read() else { return Ok(()) };
        let help = "Processor time used, by the program and for it";
        let mut cpu = to.encode_descriptor("process_cpu", help, Some(&Unit::Seconds), MetricType::Counter)?;
        cpu.encode_counter::<NoLabelSet, _, f64>(&process.cpu_seconds, None)?;
        let resident = process.resident_bytes as f64;
        gauge(to, "process_resident_memory", "Resident memory", Some(&Unit::Bytes), resident)?;
        gauge(to, "process_open_fds", "Open file descriptors", None, process.open_files as f64)
    }
}

fn gauge(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    value: f64,
) -> Result<(), fmt::Error> {
    to.encode_descriptor(name, help, unit, MetricType::Gauge)?.encode_gauge(&value)
}

fn histogram(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    Histogram { sum_s, count, buckets }: &Histogram,
) -> Result<(), fmt::Error> {
    let mut metric = to.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
    metric.encode_histogram::<NoLabelSet>(*sum_s, *count, buckets, None)
}

fn family(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    label: &'static str,
    counts: &[(&str, u64)],
) -> Result<(), fmt::Error> {
    let mut metric = to.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (value, count) in counts {
        let labels = [(label, *value)];
        metric.encode_family(&labels)?.encode_counter::<NoLabelSet, _, f64>(count, None)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bus: Option<BusState>) -> String {
        let (figures, hub, refused) = (Figures::default(), HubHealth::default(), BTreeMap::new());
        let mut registry = Registry::default();
        let started_at = Timestamp(0);
        registry.register_collector(Box::new(Moment { figures, hub, bus, refused, started_at }));
        let mut text = String::new();
        text::encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn a_bus_is_told_of_where_there_is_one() {
        let text = told(Some(BusState { is_connected: true, dropped: 7 }));
        for line in ["\nsignalbox_bus_connected 1.0\n", "\nsignalbox_bus_dropped_total 7\n"] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(!told(None).contains("signalbox_bus"));
    }
}
