//! Updates per second over the last minute: a thin line, its last value printed at its end.

use leptos::prelude::*;

const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 44.0;
/// The lowest top of the scale, so that a single event does not look like a peak.
const LEAST_TOP: u32 = 4;

#[component]
pub(crate) fn Rate(#[prop(into)] per_second: Signal<Vec<u32>>) -> impl IntoView {
    let path = move || per_second.with(|values| line(values));
    let last = Memo::new(move |_| per_second.with(|values| values.last().copied().unwrap_or(0)));
    let peak = Memo::new(move |_| per_second.with(|values| values.iter().copied().max().unwrap_or(0)));
    let total = Memo::new(move |_| per_second.with(|values| values.iter().map(|n| u64::from(*n)).sum::<u64>()));
    view! {
        <figure class="rate">
            <svg class="rate-chart" viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none" aria-hidden="true">
                <path class="rate-base" d=format!("M0 {}H{WIDTH}", HEIGHT - 0.5) />
                <path class="rate-line" d=path />
            </svg>
            <figcaption class="rate-last">
                <b class="number">{move || last.get()}</b>
                <span class="quiet">" per second"</span>
                <span class="quiet number rate-more">
                    {move || format!("peak {}, {} in the last minute", peak.get(), total.get())}
                </span>
            </figcaption>
        </figure>
    }
}

fn line(values: &[u32]) -> String {
    let top = f64::from(values.iter().copied().max().unwrap_or(0).max(LEAST_TOP));
    let step = WIDTH / (values.len().max(2) - 1) as f64;
    let mut path = String::new();
    for (index, value) in values.iter().enumerate() {
        let (x, y) = (index as f64 * step, HEIGHT - 1.0 - f64::from(*value) / top * (HEIGHT - 3.0));
        path.push_str(&format!("{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' }));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_spans_the_width_and_scales_to_its_peak() {
        assert_eq!(line(&[0, 10, 5]), "M0.0 43.0L120.0 2.0L240.0 22.5");
        assert_eq!(line(&[]), "");
    }
}
