//! Chance that can be had again: what a test makes of a seed it makes every time.

use std::env;

/// A generator of numbers, the same for the same seed on every machine.
// Source: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators",
// SplitMix64.
pub struct Random(u64);

impl Random {
    /// Starts from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    ///
    /// # Panics
    /// When `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        assert!(end > 0, "there is no number below 0");
        (self.bits() % end as u64) as usize
    }

    /// Whether something happens that does so once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of `items`.
    ///
    /// # Panics
    /// When there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// `len` bytes.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        let words = (0..len.div_ceil(8)).flat_map(|_| self.bits().to_le_bytes());
        words.take(len).collect()
    }
}

/// The seed that `DISKPRINT_TEST_SEED` holds, else `usual`.
///
/// # Panics
/// When it holds no number.
pub fn seed(usual: u64) -> u64 {
    env::var("DISKPRINT_TEST_SEED").map_or(usual, |seed| seed.parse().expect("a decimal seed"))
}

/// Says by which seed a failure can be had again, when it goes out of scope in a panic.
pub struct Repeat(pub u64);

impl Drop for Repeat {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("again by DISKPRINT_TEST_SEED={}", self.0);
        }
    }
}
