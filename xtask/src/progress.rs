//! What is being done, how far, and how long it took. Goes to stderr; colours only on a terminal without NO_COLOR.

use std::{
    env,
    io::{IsTerminal, stderr},
    time::{Duration, Instant},
};

/// Counts the steps of one command.
pub struct Steps {
    total: usize,
    done: usize,
    began: Instant,
}

impl Steps {
    pub fn new(total: usize) -> Self {
        Self { total, done: 0, began: Instant::now() }
    }

    /// Says what begins, does it, says how long it took.
    pub fn step<T, E>(&mut self, what: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.done += 1;
        let label = format!("[{}/{}]", self.done, self.total);
        eprintln!("{} {what}", paint(Style::Strong, &label));
        let began = Instant::now();
        let result = work();
        let took = seconds(began.elapsed());
        match &result {
            Ok(_) => eprintln!("{} {}", " ".repeat(label.len()), paint(Style::Quiet, &format!("done in {took}"))),
            Err(_) => eprintln!("{} {}", " ".repeat(label.len()), paint(Style::Bad, &format!("failed after {took}"))),
        }
        result
    }

    pub fn elapsed(&self) -> String {
        seconds(self.began.elapsed())
    }
}

#[derive(Clone, Copy)]
pub enum Style {
    Strong,
    Quiet,
    Good,
    Bad,
}

/// The text, coloured where somebody can see it.
pub fn paint(style: Style, text: &str) -> String {
    let code = match style {
        Style::Strong => "1",
        Style::Quiet => "2",
        Style::Good => "32",
        Style::Bad => "31",
    };
    if has_colour() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// A person watches: cargo may draw its bar.
pub fn is_watched() -> bool {
    stderr().is_terminal()
}

pub fn has_colour() -> bool {
    is_watched() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

pub fn note(text: &str) {
    eprintln!("      {text}");
}

pub fn error(text: &str) {
    eprintln!("{} {text}", paint(Style::Bad, "error:"));
}

/// `0.8 s`, `2 m 07 s`.
pub fn seconds(time: Duration) -> String {
    if time.as_secs() < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} m {:02} s", time.as_secs() / 60, time.as_secs() % 60)
    }
}
