//! Figures as JSON lines: ours, a peer's, and how many times theirs ours are.

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
    subject: Subject,
    case: &'static str,
    metric: &'static str,
    unit: &'static str,
    rounds: Vec<f64>,
}

/// Who was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Signalbox,
    /// By its place among the peers.
    Peer(usize),
    /// Ours divided by that peer's, round by round.
    Ratio(usize),
}

/// How a peer is named in the lines.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    /// Name and version: `restate 1.7.12`.
    pub(crate) name: String,
    /// What it keeps its state in.
    pub(crate) store: &'static str,
}

#[derive(Serialize)]
struct Line<'a> {
    bench: &'a str,
    subject: &'a str,
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

    /// One round's value of a figure of ours.
    pub(crate) fn add(&mut self, case: &'static str, metric: &'static str, unit: &'static str, value: f64) {
        self.add_of(Subject::Signalbox, case, metric, unit, value);
    }

    /// One round's value of anybody's figure. A peer's that we have too, in the same round, gives a ratio.
    pub(crate) fn add_of(
        &mut self,
        subject: Subject,
        case: &'static str,
        metric: &'static str,
        unit: &'static str,
        value: f64,
    ) {
        let round = self.rounds(subject, case, metric, unit);
        round.push(value);
        let count = round.len();
        if let Subject::Peer(peer) = subject {
            let ours = self.rounds(Subject::Signalbox, case, metric, unit);
            let ours = (ours.len() == count).then(|| ours[count - 1]);
            if let Some(ours) = ours.filter(|_| value > 0.0) {
                self.rounds(Subject::Ratio(peer), case, metric, "1").push(ours / value);
            }
        }
    }

    fn rounds(
        &mut self,
        subject: Subject,
        case: &'static str,
        metric: &'static str,
        unit: &'static str,
    ) -> &mut Vec<f64> {
        let is_it = |figure: &Figure| (figure.subject, figure.case, figure.metric) == (subject, case, metric);
        let at = self.figures.iter().position(is_it).unwrap_or_else(|| {
            self.figures.push(Figure { subject, case, metric, unit, rounds: Vec::new() });
            self.figures.len() - 1
        });
        &mut self.figures[at].rounds
    }

    /// Prints everything, case by case.
    pub(crate) fn print(&self, conditions: &Conditions, peers: &[Named]) {
        let name_of = |peer: usize| peers.get(peer).map_or("", |peer| peer.name.as_str());
        for figure in self.figures.iter().filter(|figure| !figure.rounds.is_empty()) {
            let mut sorted = figure.rounds.clone();
            sorted.sort_by(f64::total_cmp);
            let mut said = conditions.as_map();
            said.insert("rounds", sorted.len().into());
            said.insert("lowest", rounded(sorted[0]).into());
            said.insert("highest", rounded(sorted[sorted.len() - 1]).into());
            let subject = match figure.subject {
                Subject::Signalbox => "signalbox".to_owned(),
                Subject::Peer(peer) => name_of(peer).to_owned(),
                Subject::Ratio(peer) => format!("signalbox / {}", name_of(peer)),
            };
            let line = Line {
                bench: self.bench,
                subject: &subject,
                case: figure.case,
                metric: figure.metric,
                value: rounded(sorted[sorted.len() / 2]),
                unit: figure.unit,
                store: match figure.subject {
                    Subject::Peer(peer) => peers.get(peer).map_or("", |peer| peer.store),
                    _ => conditions.store,
                },
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
    fn a_ratio_comes_of_figures_of_the_same_round() {
        let mut report = Report::new("engine");
        for (ours, theirs) in [(20.0, 5.0), (30.0, 5.0)] {
            report.add("chain-seq", "steps_per_s", "1/s", ours);
            report.add_of(Subject::Peer(0), "chain-seq", "steps_per_s", "1/s", theirs);
        }
        report.add_of(Subject::Peer(0), "chain-seq", "only_theirs", "1", 1.0);
        let of = |subject| report.figures.iter().find(|figure| figure.subject == subject).map(|f| f.rounds.clone());
        assert_eq!(of(Subject::Ratio(0)), Some(vec![4.0, 6.0]));
        assert_eq!(report.figures.iter().filter(|f| f.subject == Subject::Ratio(0) && !f.rounds.is_empty()).count(), 1);
    }

    #[test]
    fn four_digits_are_kept() {
        for (value, kept) in [(21_303.7, 21_300.0), (0.012_345, 0.012_35), (0.0, 0.0), (1.0, 1.0), (999.96, 1000.0)] {
            assert_eq!(rounded(value), kept);
        }
    }
}
