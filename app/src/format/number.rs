//! Counts, sizes and ids.

/// `12,345`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `812 B`, `4.0 KiB`, `1.3 MiB`.
pub(crate) fn bytes(n: u64) -> String {
    const KIB: f64 = 1024.0;
    let size = n as f64;
    if n < 1024 {
        format!("{n} B")
    } else if size < KIB * KIB {
        format!("{:.1} KiB", size / KIB)
    } else {
        format!("{:.1} MiB", size / KIB / KIB)
    }
}

/// The last six characters: what tells two ids of the same hour apart.
pub(crate) fn short_id(id: impl std::fmt::Display) -> String {
    let id = id.to_string();
    let start = id.char_indices().rev().nth(5).map_or(0, |(at, _)| at);
    id[start..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_thousands() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(n), text);
        }
    }

    #[test]
    fn sizes_carry_their_unit() {
        for (n, text) in [(0, "0 B"), (1023, "1023 B"), (4096, "4.0 KiB"), (1_363_149, "1.3 MiB")] {
            assert_eq!(bytes(n), text);
        }
    }

    #[test]
    fn ids_are_cut_to_their_end() {
        assert_eq!(short_id("01998c4e-9c1b-7d2e-8a10-0123456789ab"), "6789ab");
        assert_eq!(short_id("abc"), "abc");
    }
}
