//! Commit ids seen lately, so that a retry is told from a new commit.

use foldhash::HashMap;
use protocol::{CommitId, Position};

/// Ids in one of the two generations kept: at least this many of the newest are known, at most twice as many
/// (some 4 MB). A retry comes within seconds; the queue holds a tenth of this.
const GENERATION: usize = 32_768;

#[derive(Default)]
pub(crate) struct Recent {
    new: HashMap<CommitId, Answer>,
    old: HashMap<CommitId, Answer>,
}

/// What the commit was answered, in short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) first: Position,
    pub(crate) has_events: bool,
}

impl Recent {
    pub(crate) fn get(&self, id: CommitId) -> Option<Answer> {
        self.new.get(&id).or_else(|| self.old.get(&id)).copied()
    }

    pub(crate) fn insert(&mut self, id: CommitId, answer: Answer) {
        if self.new.len() >= GENERATION {
            self.old = std::mem::take(&mut self.new);
        }
        self.new.insert(id, answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_known_and_memory_is_bounded() {
        let id = |n: usize| CommitId(uuid::Uuid::from_u128(n as u128));
        let answer = Answer { first: Position(1), has_events: true };
        let mut recent = Recent::default();
        for n in 0..GENERATION * 5 {
            recent.insert(id(n), answer);
            assert!(recent.new.len() + recent.old.len() <= 2 * GENERATION);
        }
        assert!((GENERATION * 4..GENERATION * 5).all(|n| recent.get(id(n)) == Some(answer)));
        assert_eq!(recent.get(id(0)), None);
    }
}
