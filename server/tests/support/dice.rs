//! Chance that repeats.

/// Xorshift from a seed.
pub struct Dice(u64);

impl Dice {
    /// Seeded by `SIGNALBOX_SEED`, else as given; says which it is.
    pub fn seeded(seed: u64) -> Self {
        let told = std::env::var("SIGNALBOX_SEED").ok().map(|seed| seed.parse().expect("SIGNALBOX_SEED is a number"));
        let seed: u64 = told.unwrap_or(seed);
        println!("seed {seed} (SIGNALBOX_SEED repeats it)");
        // Zero would stay zero.
        Self(seed.max(1))
    }

    /// With a seed that was thrown: one of several that play together.
    pub fn of(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// 0 to `limit` - 1.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
