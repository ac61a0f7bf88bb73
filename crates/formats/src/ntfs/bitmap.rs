use std::ops::Range;

/// Bits, the lowest of the first byte being number 0.
#[derive(Clone, Debug)]
pub struct Bitmap {
    bytes: Vec<u8>,
    /// How many bits are set before each block of [`BLOCK`] bytes.
    set_before: Vec<u64>,
}

/// Bytes in a block whose set bits are counted beforehand.
const BLOCK: usize = 64;

impl Bitmap {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let set_before = bytes
            .chunks(BLOCK)
            .scan(0, |sum, block| {
                let before = *sum;
                *sum += count(block);
                Some(before)
            })
            .collect();
        Self { bytes, set_before }
    }

    /// Number of bits.
    pub fn len(&self) -> u64 {
        (self.bytes.len() as u64).saturating_mul(8)
    }

    /// Whether there are no bits.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether bit `number` is set; those past the end are not.
    pub fn is_set(&self, number: u64) -> bool {
        let byte = usize::try_from(number / 8).ok().and_then(|index| self.bytes.get(index));
        byte.is_some_and(|byte| byte >> (number % 8) & 1 != 0)
    }

    /// Whether any bit of `range` is set, however long it is.
    pub fn any_set(&self, range: Range<u64>) -> bool {
        range.start < range.end && self.set_before(range.end) > self.set_before(range.start)
    }

    /// How many bits are set before bit `number`.
    fn set_before(&self, number: u64) -> u64 {
        let number = number.min(self.len());
        let byte = usize::try_from(number / 8).unwrap_or(usize::MAX);
        // At the end of the last block there is no block of which to begin.
        let block = (byte / BLOCK).min(self.set_before.len().saturating_sub(1));
        let before = self.set_before.get(block).copied().unwrap_or(0);
        let whole = self.bytes.get(block.saturating_mul(BLOCK)..byte).unwrap_or_default();
        let part = self.bytes.get(byte).map_or(0, |last| last & !(0xFF << (number % 8)));
        before + count(whole) + u64::from(part.count_ones())
    }
}

fn count(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(byte.count_ones())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_range_has_what_its_bits_have(
            bytes in prop::collection::vec(prop_oneof![Just(0u8), Just(0), any::<u8>()], 0..300),
            start in 0..2600u64,
            len in 0..200u64,
        ) {
            let bitmap = Bitmap::new(bytes);
            let any = (start..start + len).any(|bit| bitmap.is_set(bit));
            prop_assert_eq!(bitmap.any_set(start..start + len), any);
        }
    }

    #[test]
    fn the_whole_range_is_answered_at_once() {
        let bitmap = Bitmap::new([vec![0; 63], vec![0x80]].concat());
        assert!(bitmap.any_set(0..u64::MAX) && bitmap.any_set(511..512));
        assert!(!bitmap.any_set(0..511) && !bitmap.any_set(512..u64::MAX));
        assert!(!Bitmap::new(Vec::new()).any_set(0..u64::MAX));
    }
}
