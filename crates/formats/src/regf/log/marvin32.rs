/// The Marvin32 hash of log entries, with the seed that they use.
// Source: regf spec, "Log entries", notes 1 to 3; all that is hashed are whole 32-bit words.
pub(super) fn marvin32(bytes: &[u8]) -> u64 {
    let mut state = State { low: 0x7A4E_55C5, high: 0x82EF_4D88 };
    let (words, tail) = bytes.as_chunks::<4>();
    words.iter().for_each(|word| state.mix(u32::from_le_bytes(*word)));
    state.mix(tail.iter().rev().fold(0x80, |word, byte| (word << 8) | u32::from(*byte)));
    state.mix(0);
    (u64::from(state.high) << 32) | u64::from(state.low)
}

struct State {
    low: u32,
    high: u32,
}

impl State {
    fn mix(&mut self, word: u32) {
        self.low = self.low.wrapping_add(word);
        self.high ^= self.low;
        self.low = self.low.rotate_left(20).wrapping_add(self.high);
        self.high = self.high.rotate_left(9) ^ self.low;
        self.low = self.low.rotate_left(27).wrapping_add(self.high);
        self.high = self.high.rotate_left(19);
    }
}

#[cfg(test)]
mod tests {
    use super::marvin32;

    #[test]
    fn the_header_of_a_real_entry_has_its_hash() {
        // Observed in real-hives, system.log1: the entry at 0x3000, its Hash-2 at 32.
        let entry: [u8; 40] = [
            0x48, 0x76, 0x4C, 0x45, 0x00, 0x50, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0xE1, 0x0F,
            0x00, 0x00, 0x00, 0xF0, 0xFA, 0x00, 0x04, 0x00, 0x00, 0x00, 0x97, 0x53, 0x04, 0x14,
            0x29, 0x36, 0x77, 0x96, 0xFA, 0xEA, 0xB5, 0x6B, 0x27, 0x7A, 0x8D, 0x4C,
        ];
        assert_eq!(marvin32(&entry[..32]), u64::from_le_bytes(*entry.last_chunk().unwrap()));
    }
}
