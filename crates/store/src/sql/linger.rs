//! Whether to wait a moment for more commits before a group is written.
//!
//! Those just answered are often back at once: their executions go on, and each needs the next commit. Writing the
//! first of them alone makes the others wait for a whole flush. So after a group the writer looks on for up to
//! [`PATIENCE`] until as many are there again. Where they do not come back (their tasks take long), it stops
//! looking for longer and longer.

use std::time::Duration;

/// How long it pays to wait: a good part of the fastest flush. Longer, and the looking takes the core that would bring
/// more.
pub(crate) const PATIENCE: Duration = Duration::from_micros(75);
/// Smaller groups are not worth it: a commit alone must not wait for anybody.
const WORTHWHILE: usize = 4;
/// Groups written without waiting after it was in vain, at most.
const MAX_PAUSE: u32 = 256;

#[derive(Debug, Default)]
pub(crate) struct Linger {
    /// Commits in the group before.
    last: usize,
    /// Groups to go before waiting again, and how many it will be next time.
    pause: u32,
    next_pause: u32,
}

impl Linger {
    /// How many should be there before it is worth writing; 0 for no waiting.
    pub(crate) fn wanted(&self) -> usize {
        if self.last >= WORTHWHILE && self.pause == 0 { self.last } else { 0 }
    }

    /// Waiting ended with `before` commits grown to `after`.
    pub(crate) fn waited(&mut self, before: usize, after: usize) {
        if after >= before + self.last / 4 {
            self.next_pause = 1;
        } else {
            self.pause = self.next_pause.max(1);
            self.next_pause = (self.pause * 2).min(MAX_PAUSE);
        }
    }

    /// A group was written.
    pub(crate) fn wrote(&mut self, commits: usize) {
        self.last = commits;
        self.pause = self.pause.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_alone_never_waits() {
        let mut linger = Linger::default();
        for _ in 0..10 {
            linger.wrote(1);
            assert_eq!(linger.wanted(), 0);
        }
    }

    #[test]
    fn waiting_goes_on_while_it_brings_more_and_pauses_while_it_does_not() {
        let mut linger = Linger::default();
        let waits = |linger: &mut Linger, brings: usize| {
            let mut waits = 0;
            for _ in 0..1_000 {
                linger.wrote(16);
                if linger.wanted() > 0 {
                    waits += 1;
                    linger.waited(1, 1 + brings);
                }
            }
            waits
        };
        assert_eq!(waits(&mut linger, 10), 1_000);
        assert!(waits(&mut linger, 0) < 15);
        let after = waits(&mut linger, 10);
        assert!(after > 700, "it is found out again that waiting pays: {after}");
    }
}
