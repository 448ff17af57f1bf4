//! Steps that the engine itself carries out by waiting: for a time, for a signal, for a person.

use super::{form::FormPlan, template::Template};

/// The longest wait, and the longest time to answer, in seconds: ten years. More is a mistake.
pub(crate) const MAX_WAIT_S: f64 = 315_360_000.0;
/// Longest name of a signal, in characters.
pub(crate) const MAX_SIGNAL: usize = 128;

/// `type: wait`.
#[derive(Debug)]
pub(crate) struct Wait {
    pub(crate) until: Until,
}

/// What ends a wait.
#[derive(Debug)]
pub(crate) enum Until {
    /// So many seconds have passed.
    Seconds(Template),
    /// It is this time (RFC 3339).
    Time(Template),
    /// A signal of this name came; without one within the time, the step fails.
    Signal { name: Template, timeout_ms: Option<u64> },
}

/// `type: approval`: a person answers.
#[derive(Debug)]
pub(crate) struct Approval {
    /// What is asked; text. Without it, a sentence that names the step.
    pub(crate) message: Option<Template>,
    pub(crate) form: FormPlan,
    /// How long there is to answer.
    pub(crate) timeout_ms: Option<u64>,
    /// The answer when nobody gave one in that time; without it, the step fails.
    pub(crate) default: Option<Template>,
}

impl Wait {
    /// The signal it waits for, if that is not computed.
    pub(crate) fn signal(&self) -> Option<&str> {
        match &self.until {
            Until::Signal { name: Template::Fixed(name), .. } => name.as_str(),
            Until::Signal { .. } | Until::Seconds(_) | Until::Time(_) => None,
        }
    }

    /// Whether this wait may be for a signal of this name. A name that is computed may be any.
    pub(crate) fn may_take(&self, signal: &str) -> bool {
        match &self.until {
            Until::Signal { name: Template::Fixed(name), .. } => name.as_str() == Some(signal),
            Until::Signal { .. } => true,
            Until::Seconds(_) | Until::Time(_) => false,
        }
    }
}
