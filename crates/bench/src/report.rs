//! Figures as JSON lines.

use crate::conditions::Conditions;
use serde::Serialize;
use std::collections::BTreeMap;

/// Collects each figure's rounds and prints their medians.
pub(crate) struct Report {
    bench: &'static str,
    /// By case, metric: in the order they came.
    figures: Vec<Figure>,
}

struct Figure {
    case: &'static str,
    metric: &'static str,
    unit: &'static str,
    rounds: Vec<f64>,
}

#[derive(Serialize)]
struct Line<'a> {
    bench: &'a str,
    case: &'a str,
    metric: &'a str,
    value: f64,
    unit: &'a str,
    store: &'a str,
    conditions: BTreeMap<&'a str, serde_json::Value>,
}

impl Report {
    pub(crate) fn new(bench: &'static str) -> Self {
        Self { bench, figures: Vec::new() }
    }

    /// One round's value of a figure.
    pub(crate) fn add(&mut self, case: &'static str, metric: &'static str, unit: &'static str, value: f64) {
        match self.figures.iter_mut().find(|figure| figure.case == case && figure.metric == metric) {
            Some(figure) => figure.rounds.push(value),
            None => self.figures.push(Figure { case, metric, unit, rounds: vec![value] }),
        }
    }

    /// Prints everything, case by case.
    pub(crate) fn print(&self, conditions: &Conditions) {
        for figure in &self.figures {
            let mut sorted = figure.rounds.clone();
            sorted.sort_by(f64::total_cmp);
            let mut said = conditions.as_map();
            said.insert("rounds", sorted.len().into());
            said.insert("lowest", rounded(sorted[0]).into());
            said.insert("highest", rounded(sorted[sorted.len() - 1]).into());
            let line = Line {
                bench: self.bench,
                case: figure.case,
                metric: figure.metric,
                value: rounded(sorted[sorted.len() / 2]),
                unit: figure.unit,
                store: conditions.store,
                conditions: said,
            };
            println!("{}", serde_json::to_string(&line).expect("a line has string keys and finite numbers"));
        }
    }
}

/// Four digits say all that a measurement knows.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let scale = 10f64.powi(3 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_are_kept() {
        for (value, kept) in [(21_303.7, 21_300.0), (0.012_345, 0.012_35), (0.0, 0.0), (1.0, 1.0), (999.96, 1000.0)] {
            assert_eq!(rounded(value), kept);
        }
    }
}
