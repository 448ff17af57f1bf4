//! Phase and outcome as the one word the tables hold.

use crate::StoreError;
use protocol::{Outcome, Phase};

/// Every state an execution can be in.
pub(crate) const ALL: [&str; 5] = ["initial", "in_progress", "completed", "failed", "cancelled"];

/// The word, or `None` for a pair that cannot be: ended without an outcome, or an outcome before the end.
pub(crate) fn word(phase: Phase, outcome: Option<Outcome>) -> Option<&'static str> {
    match (phase, outcome) {
        (Phase::Initial | Phase::InProgress, None) => Some(phase.word()),
        (Phase::Completed, Some(outcome)) => Some(outcome.word()),
        _ => None,
    }
}

/// # Errors
/// [`StoreError::Corrupt`] for a word that is none of [`ALL`].
pub(crate) fn parse(word: &str) -> Result<(Phase, Option<Outcome>), StoreError> {
    match (word, Outcome::parse(word)) {
        (_, Some(outcome)) => Ok((Phase::Completed, Some(outcome))),
        ("initial", _) => Ok((Phase::Initial, None)),
        ("in_progress", _) => Ok((Phase::InProgress, None)),
        _ => Err(StoreError::Corrupt(format!("`{word}` is not the state of an execution"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_survives_its_word() {
        for name in ALL {
            let (phase, outcome) = parse(name).expect("a state");
            assert_eq!(word(phase, outcome), Some(name));
        }
        assert_eq!(word(Phase::Completed, None), None);
        assert_eq!(word(Phase::Initial, Some(Outcome::Failed)), None);
        assert!(parse("queued").is_err());
    }
}
