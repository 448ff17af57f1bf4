//! The progress of one execution: spinners on a terminal, a line per step elsewhere, envelopes with `--json`.

use super::{duration, line, status};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use protocol::{
    Envelope, Event, ExecutionId, StepStatus, Timestamp, api::ExecutionDetail, status::of_execution, view::summary,
};
use std::{
    collections::BTreeMap,
    io::{self, IsTerminal, stderr},
    time::Duration,
};

/// Turns of the spinner; the arc of "running".
const ARC: [&str; 5] = ["◐", "◓", "◑", "◒", "◐"];

pub(in crate::cli) struct Progress {
    id: Option<ExecutionId>,
    shown: Shown,
    /// Steps under way by (step, visit).
    running: BTreeMap<(String, u32), Running>,
}

enum Shown {
    Json,
    Lines,
    Spinners(MultiProgress),
}

struct Running {
    protocol: String,
    started_at: Timestamp,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Envelopes on stdout.
    pub(in crate::cli) fn json() -> Self {
        Self { id: None, shown: Shown::Json, running: BTreeMap::new() }
    }

    /// For people, on stderr.
    pub(in crate::cli) fn new(id: ExecutionId) -> Self {
        let shown = if stderr().is_terminal() {
            Shown::Spinners(MultiProgress::with_draw_target(ProgressDrawTarget::stderr()))
        } else {
            Shown::Lines
        };
        let progress = Self { id: Some(id), shown, running: BTreeMap::new() };
        progress.say(&format!("execution {id}"));
        progress
    }

    pub(in crate::cli) fn event(&mut self, envelope: &Envelope) -> io::Result<()> {
        if matches!(self.shown, Shown::Json) {
            return line::json(envelope);
        }
        match &envelope.event {
            Event::StepStarted(e) => self.started(&e.step, e.visit, &e.protocol, envelope.time),
            Event::ActionFailed(e) => {
                self.say(&format!("  {} attempt {}: {}", e.step, e.attempt, e.error.message));
            }
            Event::RetryScheduled(e) => self.message(&e.step, e.visit, &summary(&envelope.event)),
            Event::StepCompleted(e) => self.ended(&e.step, e.visit, StepStatus::Completed, envelope.time),
            Event::StepFailed(e) => self.ended(&e.step, e.visit, StepStatus::Failed, envelope.time),
            _ => {}
        }
        Ok(())
    }

    /// Something to say on the way.
    pub(in crate::cli) fn note(&self, text: &str) {
        self.say(text);
    }

    /// The last line: how it ended, how long it took, and why it failed.
    #[allow(clippy::unnecessary_wraps)]
    pub(in crate::cli) fn end(&mut self, detail: &ExecutionDetail) -> io::Result<()> {
        let summary = &detail.summary;
        for (_, step) in std::mem::take(&mut self.running) {
            if let Some(bar) = step.bar {
                bar.finish_and_clear();
            }
        }
        if self.id.is_none() {
            return Ok(());
        }
        let state = of_execution(summary.status, summary.outcome);
        let took = summary.ended_at.map(|ended| duration::words(ended.ms_since(summary.created_at)));
        let words = format!("{} {} in {}", status::shape(state), state.word(), took.unwrap_or_default());
        self.say(&status::style(state).for_stderr().apply_to(words).to_string());
        if let Some(error) = &summary.error {
            self.say(&format!("error[{}]: {}", error.code, error.message));
            if let Some(details) = &error.details {
                self.say(details.trim_end());
            }
        }
        Ok(())
    }

    fn started(&mut self, step: &str, visit: u32, protocol: &str, now: Timestamp) {
        let bar = match &self.shown {
            Shown::Spinners(bars) => {
                let bar = bars.add(ProgressBar::new_spinner().with_style(spinner()));
                bar.set_prefix(named(step, visit));
                bar.set_message(protocol.to_owned());
                bar.enable_steady_tick(Duration::from_millis(120));
                Some(bar)
            }
            _ => None,
        };
        self.running.insert((step.to_owned(), visit), Running { protocol: protocol.to_owned(), started_at: now, bar });
    }

    fn message(&mut self, step: &str, visit: u32, text: &str) {
        match self.running.get(&(step.to_owned(), visit)).and_then(|step| step.bar.as_ref()) {
            Some(bar) => bar.set_message(text.to_owned()),
            None => self.say(&format!("  {step}: {text}")),
        }
    }

    fn ended(&mut self, step: &str, visit: u32, state: StepStatus, now: Timestamp) {
        let Some(running) = self.running.remove(&(step.to_owned(), visit)) else { return };
        if let Some(bar) = running.bar {
            bar.finish_and_clear();
        }
        let shape = status::style(state).for_stderr().apply_to(status::shape(state));
        let took = duration::words(now.ms_since(running.started_at));
        self.say(&format!("{shape} {:<28} {:<10} {took:>9}", named(step, visit), running.protocol));
    }

    fn say(&self, text: &str) {
        match &self.shown {
            Shown::Json => {}
            Shown::Lines => eprintln!("{text}"),
            // Above the spinners. A terminal that cannot be written to is no reason to stop.
            Shown::Spinners(bars) => drop(bars.println(text)),
        }
    }
}

fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("{spinner:.blue} {prefix:28} {msg:10} {elapsed:>9}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .tick_strings(&ARC)
}

/// The step, and which visit if not the first.
fn named(step: &str, visit: u32) -> String {
    if visit == 1 { step.to_owned() } else { format!("{step} #{visit}") }
}
