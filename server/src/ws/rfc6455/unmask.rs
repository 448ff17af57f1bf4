//! The mask of a client's payload.

/// Unmasks a part of a payload, which begins `at` bytes into it.
pub(super) fn unmask(part: &mut [u8], mask: [u8; 4], at: u64) {
    let mut turned = mask;
    turned.rotate_left((at % 4) as usize);
    let word =
        u64::from_ne_bytes([turned[0], turned[1], turned[2], turned[3], turned[0], turned[1], turned[2], turned[3]]);
    let (words, rest) = part.as_chunks_mut::<8>();
    for bytes in words {
        *bytes = (u64::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(turned.iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_meets_the_mask_byte_of_its_place_however_it_comes() {
        let mask = [1, 2, 4, 8];
        let whole: Vec<u8> = (0..40).map(|at| mask[at % 4]).collect();
        for split in 0..40 {
            let mut bytes = whole.clone();
            let (one, two) = bytes.split_at_mut(split);
            unmask(one, mask, 0);
            unmask(two, mask, split as u64);
            assert_eq!(bytes, [0; 40], "{split}");
        }
    }
}
