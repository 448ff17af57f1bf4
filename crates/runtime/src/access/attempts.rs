//! How often one may try to sign in: per account, and per address. Pure; `now` comes in.

use protocol::Timestamp;
use std::collections::HashMap;

/// Tries of one account at once, and how long until another is given.
const ACCOUNT: (u32, u64) = (10, 30_000);
/// The same of one address, behind which there may be an office.
const ADDRESS: (u32, u64) = (30, 10_000);
/// Accounts and addresses remembered. When they are full, those that have most tries left are forgotten: at worst
/// somebody with very many addresses gets a few tries more.
const REMEMBERED: usize = 10_000;

#[derive(Default)]
pub(crate) struct Attempts {
    tried: HashMap<Key, Tried>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Account(String),
    Address(String),
}

/// Tries that are not forgiven yet, as the time at which all are.
#[derive(Clone, Copy)]
struct Tried {
    free_at: Timestamp,
}

impl Attempts {
    /// Counts a try. `Err`: it may not be made; in how many milliseconds one may.
    pub(crate) fn take(&mut self, account: &str, address: &str, now: Timestamp) -> Result<(), u64> {
        let keys = [(Key::Account(account.to_owned()), ACCOUNT), (Key::Address(address.to_owned()), ADDRESS)];
        let wait = keys.iter().filter_map(|(key, (burst, each_ms))| {
            let behind_ms = self.tried.get(key).map_or(0, |tried| tried.free_at.ms_since(now));
            (behind_ms + each_ms).checked_sub(u64::from(*burst) * each_ms).filter(|wait| *wait > 0)
        });
        if let Some(wait) = wait.max() {
            return Err(wait);
        }
        self.make_room(now);
        for (key, (_, each_ms)) in keys {
            let tried = self.tried.entry(key).or_insert(Tried { free_at: now });
            tried.free_at = tried.free_at.max(now).plus_ms(each_ms);
        }
        Ok(())
    }

    /// It was them: what they mistyped before is forgiven. What their address tried at other accounts is not.
    pub(crate) fn forgive(&mut self, account: &str) {
        self.tried.remove(&Key::Account(account.to_owned()));
    }

    fn make_room(&mut self, now: Timestamp) {
        if self.tried.len() + 2 <= REMEMBERED {
            return;
        }
        self.tried.retain(|_, tried| tried.free_at > now);
        if self.tried.len() + 2 > REMEMBERED {
            let mut times: Vec<Timestamp> = self.tried.values().map(|tried| tried.free_at).collect();
            let (_, median, _) = times.select_nth_unstable(REMEMBERED / 2);
            let median = *median;
            self.tried.retain(|_, tried| tried.free_at > median);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp(1_000_000 + ms)
    }

    #[test]
    fn an_account_gives_ten_tries_and_then_one_each_half_minute() {
        let mut attempts = Attempts::default();
        for number in 0..10 {
            assert_eq!(attempts.take("ann", &format!("10.0.0.{number}"), at(0)), Ok(()));
        }
        assert_eq!(attempts.take("ann", "10.0.0.99", at(0)), Err(30_000));
        assert_eq!(attempts.take("ann", "10.0.0.99", at(29_999)), Err(1));
        assert_eq!(attempts.take("ann", "10.0.0.99", at(30_000)), Ok(()));
        assert_eq!(attempts.take("ann", "10.0.0.99", at(30_000)), Err(30_000));
        assert_eq!(attempts.take("bob", "10.0.0.99", at(30_000)), Ok(()), "another account is not meant");
        attempts.forgive("ann");
        assert_eq!(attempts.take("ann", "10.0.0.99", at(30_000)), Ok(()));
    }

    #[test]
    fn an_address_cannot_go_from_account_to_account() {
        let mut attempts = Attempts::default();
        for number in 0..30 {
            assert_eq!(attempts.take(&format!("user {number}"), "10.0.0.1", at(0)), Ok(()));
            attempts.forgive(&format!("user {number}"));
        }
        assert_eq!(attempts.take("user 31", "10.0.0.1", at(0)), Err(10_000));
        assert_eq!(attempts.take("user 31", "10.0.0.2", at(0)), Ok(()));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_who_tried_most_stays() {
        let mut attempts = Attempts::default();
        for _ in 0..10 {
            assert_eq!(attempts.take("ann", "10.0.0.1", at(0)), Ok(()));
        }
        for number in 0..30_000 {
            let _ = attempts.take(&format!("user {number}"), &format!("address {number}"), at(number % 100));
            assert!(attempts.tried.len() <= REMEMBERED);
        }
        assert!(attempts.take("ann", "10.0.0.2", at(100)).is_err(), "flooding with names buys no tries");
    }
}
