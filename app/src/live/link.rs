//! The state of the one connection, as the lamp shows it. A machine without I/O or clock.

use super::LinkState;
use protocol::Timestamp;

/// A lost connection is `Reconnecting` for this long; then what is on the page is called stale.
const PATIENCE_MS: u64 = 4_000;
/// A quiet connection is asked for a sign of life this often, unless the server closes idle ones sooner.
const PING_EVERY_MS: u64 = 15_000;
/// No sign of life this long after a ping: the connection is dead.
const PONG_WITHIN_MS: u64 = 6_000;

/// What the owner of the socket must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    Nothing,
    Ping,
    /// The peer is gone without a word: close and connect anew.
    Hang,
}

#[derive(Clone, Copy, Debug)]
enum Line {
    /// Never open so far, since the page was loaded.
    First {
        since: Timestamp,
    },
    Open {
        pinged: Option<Timestamp>,
    },
    Lost {
        at: Timestamp,
    },
    /// Closed for good, until somebody signs in.
    SignedOut,
}

#[derive(Debug)]
pub(crate) struct Link {
    line: Line,
    /// The last time anything was heard; before the first word, when the page was rendered.
    heard: Timestamp,
    ping_every_ms: u64,
    behind: u64,
    /// Events were missed for good at this time, and the page has not been fetched since.
    gap: Option<Timestamp>,
}

impl Link {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { line: Line::First { since: now }, heard: now, ping_every_ms: PING_EVERY_MS, behind: 0, gap: None }
    }

    /// The server said hello and closes connections that are quiet for `idle_timeout_ms`.
    pub(crate) fn opened(&mut self, now: Timestamp, idle_timeout_ms: u32) {
        self.line = Line::Open { pinged: None };
        self.heard = now;
        self.behind = 0;
        self.ping_every_ms = PING_EVERY_MS.min(u64::from(idle_timeout_ms / 3).max(1_000));
    }

    pub(crate) fn heard(&mut self, now: Timestamp) {
        self.heard = now;
        if let Line::Open { pinged } = &mut self.line {
            *pinged = None;
        }
    }

    pub(crate) fn closed(&mut self, now: Timestamp) {
        if let Line::Open { .. } = self.line {
            self.line = Line::Lost { at: now };
        }
        self.behind = 0;
    }

    /// The server closed the connection, since it does not know any more whose it is.
    pub(crate) fn signed_out(&mut self) {
        self.line = Line::SignedOut;
        self.behind = 0;
    }

    /// How many events are still to come from the log.
    pub(crate) fn behind(&mut self, events: u64) {
        self.behind = events;
    }

    /// Events cannot be had any more: what is shown is being fetched.
    pub(crate) fn missed(&mut self, now: Timestamp) {
        self.gap.get_or_insert(now);
    }

    /// Another page, or the same anew, is there.
    pub(crate) fn renewed(&mut self) {
        self.gap = None;
    }

    /// What to do now; asked about once a second.
    pub(crate) fn tick(&mut self, now: Timestamp) -> Duty {
        match &mut self.line {
            Line::Open { pinged: Some(at) } if now.ms_since(*at) > PONG_WITHIN_MS => Duty::Hang,
            Line::Open { pinged: pinged @ None } if now.ms_since(self.heard) >= self.ping_every_ms => {
                *pinged = Some(now);
                Duty::Ping
            }
            _ => Duty::Nothing,
        }
    }

    pub(crate) fn state(&self, now: Timestamp) -> LinkState {
        match self.line {
            // Fetching it takes no longer than this; what is shown since then is old and stays so.
            Line::Open { .. } if self.gap.is_some_and(|at| now.ms_since(at) > PATIENCE_MS) => {
                LinkState::Stale(self.gap.unwrap_or(now))
            }
            Line::Open { .. } if self.gap.is_some() => LinkState::Renewing,
            Line::Open { .. } if self.behind > 0 => LinkState::CatchingUp(self.behind),
            Line::Open { .. } => LinkState::Live,
            Line::SignedOut => LinkState::SignedOut,
            Line::First { since } if now.ms_since(since) <= PATIENCE_MS => LinkState::Connecting,
            Line::Lost { at } if now.ms_since(at) <= PATIENCE_MS => LinkState::Reconnecting,
            Line::First { .. } | Line::Lost { .. } => LinkState::Stale(self.heard),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: u32 = 60_000;

    fn at(ms: i64) -> Timestamp {
        Timestamp(1_000_000 + ms)
    }

    #[test]
    fn first_connection_is_connecting_then_stale_since_the_page() {
        let link = Link::new(at(0));
        assert_eq!(link.state(at(0)), LinkState::Connecting);
        assert_eq!(link.state(at(4_001)), LinkState::Stale(at(0)));
    }

    #[test]
    fn lost_connection_is_stale_since_the_last_word_heard() {
        let mut link = Link::new(at(0));
        link.opened(at(100), IDLE);
        link.heard(at(700));
        assert_eq!(link.state(at(800)), LinkState::Live);
        link.closed(at(900));
        assert_eq!(link.state(at(1_000)), LinkState::Reconnecting);
        assert_eq!(link.state(at(4_901)), LinkState::Stale(at(700)));
        link.closed(at(6_000));
        assert_eq!(link.state(at(6_001)), LinkState::Stale(at(700)), "a failed attempt starts no new patience");
        link.opened(at(7_000), IDLE);
        assert_eq!(link.state(at(7_000)), LinkState::Live);
    }

    #[test]
    fn who_is_signed_out_stays_so_until_a_connection_is_theirs() {
        let mut link = Link::new(at(0));
        link.opened(at(0), IDLE);
        link.signed_out();
        link.closed(at(1));
        assert_eq!(link.state(at(60_000)), LinkState::SignedOut, "not stale: the server is there");
        assert_eq!(link.tick(at(60_000)), Duty::Nothing);
        link.opened(at(60_001), IDLE);
        assert_eq!(link.state(at(60_001)), LinkState::Live);
    }

    #[test]
    fn page_that_missed_events_is_fetched_anew_or_stale() {
        let mut link = Link::new(at(0));
        link.opened(at(0), IDLE);
        link.missed(at(1_000));
        link.missed(at(2_000));
        assert_eq!(link.state(at(5_000)), LinkState::Renewing);
        assert_eq!(link.state(at(5_001)), LinkState::Stale(at(1_000)), "live as the connection is");
        link.renewed();
        assert_eq!(link.state(at(5_002)), LinkState::Live);
    }

    #[test]
    fn silent_peer_is_asked_once_and_then_given_up() {
        let mut link = Link::new(at(0));
        link.opened(at(0), IDLE);
        assert_eq!(link.tick(at(14_999)), Duty::Nothing);
        assert_eq!(link.tick(at(15_000)), Duty::Ping);
        assert_eq!(link.tick(at(16_000)), Duty::Nothing);
        assert_eq!(link.tick(at(21_001)), Duty::Hang);
        link.heard(at(21_002));
        assert_eq!(link.tick(at(21_003)), Duty::Nothing);
    }

    #[test]
    fn pings_come_thrice_within_a_servers_idle_timeout() {
        let mut link = Link::new(at(0));
        link.opened(at(0), 9_000);
        assert_eq!(link.tick(at(3_000)), Duty::Ping);
    }

    #[test]
    fn events_to_come_are_shown_until_there_are_none() {
        let mut link = Link::new(at(0));
        link.opened(at(0), IDLE);
        link.behind(312);
        assert_eq!(link.state(at(1)), LinkState::CatchingUp(312));
        assert_eq!(link.state(at(9_000)), LinkState::CatchingUp(312), "however long nothing comes");
        link.behind(0);
        assert_eq!(link.state(at(9_001)), LinkState::Live);
    }
}
