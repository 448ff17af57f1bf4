//! What the processes on one log agree on without asking each other: a lock and a channel.

use protocol::Epoch;

/// Key of the advisory lock that a commit takes. Derived from the epoch, so that logs in one database (in schemas
/// of their own) do not wait for each other; the same in every version: never changed.
pub(crate) fn key(epoch: &Epoch) -> i64 {
    // FNV-1a: the standard library's hash is not the same in every version.
    let hash = epoch
        .0
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    hash.cast_signed()
}

/// The channel on which a commit tells the new head.
pub(super) fn channel(epoch: &Epoch) -> String {
    format!("signalbox_{:016x}", key(epoch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_derives_the_same() {
        let epoch = Epoch("0b1e3f5a-0000-4000-8000-000000000001".into());
        assert_eq!(channel(&epoch), "signalbox_3bbd5cea911e46e1");
        assert_eq!(key(&epoch).cast_unsigned(), 0x3bbd_5cea_911e_46e1);
        assert_ne!(key(&epoch), key(&Epoch("0b1e3f5a-0000-4000-8000-000000000002".into())));
    }
}
