//! The payload of a close frame.

use super::Broken;

/// The code of a close; `None`: it has none.
pub(super) fn code(payload: &[u8]) -> Result<Option<u16>, Broken> {
    match *payload {
        [] => Ok(None),
        [_] => Err(Broken::protocol("half a close code")),
        [high, low, ref reason @ ..] => {
            let code = u16::from_be_bytes([high, low]);
            if !may_be_sent(code) {
                return Err(Broken::protocol("no close code that may be sent"));
            }
            match std::str::from_utf8(reason) {
                Ok(_) => Ok(Some(code)),
                Err(_) => Err(Broken::payload("the reason of a close is UTF-8")),
            }
        }
    }
}

/// By RFC 6455 (7.4) and the registry it founded. 1005, 1006 and 1015 stand for what was not sent.
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_that_may_be_sent() {
        for valid in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999] {
            assert_eq!(code(&u16::to_be_bytes(valid)), Ok(Some(valid)));
        }
        for invalid in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
            assert_eq!(code(&u16::to_be_bytes(invalid)).unwrap_err().code, 1002, "{invalid}");
        }
        assert_eq!(code(&[]), Ok(None));
        assert_eq!(code(&[3]).unwrap_err().code, 1002);
        assert_eq!(code(&[3, 232, b'o', b'k']), Ok(Some(1000)));
        assert_eq!(code(&[3, 232, 0xC3]).unwrap_err().code, 1007);
    }
}
