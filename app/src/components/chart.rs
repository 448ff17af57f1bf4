//! A measurement over time: a thin line, a gap where nothing was measured, the last value at its end.

use crate::format;
use leptos::prelude::*;
use protocol::view::ChartView;

const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 56.0;

#[component]
pub(crate) fn Chart(label: &'static str, #[prop(into)] chart: Signal<ChartView>) -> impl IntoView {
    let drawn = Memo::new(move |_| chart.with(|chart| drawn(&chart.values, top(chart))));
    let last =
        move || chart.with(|chart| chart.last().map_or_else(|| "–".to_owned(), |value| worded(value, &chart.unit)));
    let peak = move || {
        chart.with(|chart| {
            let peak = chart.values.iter().flatten().copied().reduce(f64::max);
            peak.map_or_else(|| "not measured yet".to_owned(), |peak| format!("peak {}", worded(peak, &chart.unit)))
        })
    };
    view! {
        <figure class="chart">
            <figcaption class="chart-head">
                <span class="quiet">{label}</span>
                <span class="quiet number chart-peak">{peak}</span>
            </figcaption>
            <div class="chart-body">
                <svg class="rate-chart" viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none" aria-hidden="true">
                    <path class="rate-base" d=format!("M0 {}H{WIDTH}", HEIGHT - 0.5) />
                    <path class="rate-line" d=move || drawn.with(|drawn| drawn.line.clone()) />
                    <path class="rate-line chart-dots" d=move || drawn.with(|drawn| drawn.dots.clone()) />
                </svg>
                <b class="number chart-last">{last}</b>
            </div>
        </figure>
    }
}

/// The top of the scale: a whole percent, else a little above the highest value.
fn top(chart: &ChartView) -> f64 {
    if chart.unit == "percent" {
        return 100.0;
    }
    chart.values.iter().flatten().copied().fold(4.0, f64::max)
}

/// Paths. Values without a neighbour are dots, since a line has no length there.
#[derive(Debug, Default, PartialEq)]
struct Drawn {
    line: String,
    dots: String,
}

fn drawn(values: &[Option<f64>], top: f64) -> Drawn {
    let step = WIDTH / (values.len().max(2) - 1) as f64;
    let (mut drawn, mut is_down) = (Drawn::default(), false);
    for (index, value) in values.iter().enumerate() {
        let Some(value) = value else {
            is_down = false;
            continue;
        };
        let (x, y) = (index as f64 * step, HEIGHT - 1.0 - value.clamp(0.0, top) / top * (HEIGHT - 3.0));
        if !is_down && values.get(index + 1).is_none_or(Option::is_none) {
            drawn.dots.push_str(&format!("M{x:.1} {y:.1}h.1"));
            continue;
        }
        drawn.line.push_str(&format!("{}{x:.1} {y:.1}", if is_down { 'L' } else { 'M' }));
        is_down = true;
    }
    drawn
}

fn worded(value: f64, unit: &str) -> String {
    match unit {
        "percent" => format!("{value:.0} %"),
        "bytes" => format::bytes(value as u64),
        _ if value < 10.0 && value.fract() != 0.0 => format!("{value:.1}"),
        _ => format::count(value as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_drawn_as_a_gap_and_a_lone_value_as_a_dot() {
        let some = drawn(&[Some(0.0), Some(10.0), None, Some(5.0), None], 10.0);
        assert_eq!((some.line.as_str(), some.dots.as_str()), ("M0.0 55.0L60.0 2.0", "M180.0 28.5h.1"));
        let last = drawn(&[Some(0.0), None, Some(10.0)], 10.0);
        assert_eq!((last.line.as_str(), last.dots.as_str()), ("", "M0.0 55.0h.1M240.0 2.0h.1"));
        assert_eq!(drawn(&[None, None], 10.0), Drawn::default());
    }

    #[test]
    fn values_have_their_unit() {
        for (value, unit, text) in [(12.4, "percent", "12 %"), (0.26, "events/s", "0.3"), (1_234.0, "tasks", "1,234")] {
            assert_eq!(worded(value, unit), text);
        }
    }
}
