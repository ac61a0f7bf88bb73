//! Canonical prefix codes and the bit stream that XPRESS and LZX read them from.

/// The longest code word of either format, in bits.
const LONGEST: usize = 16;
/// Code words up to this length are found at once.
const QUICK: u32 = 10;

/// Bits in little-endian words of 16, the highest bit of a word first; bytes that stand between are
/// read from where the next word would begin.
// Source: [MS-XCA] 2.2.4; [MS-PATCH] 2.1 "Bitstream".
pub(super) struct Bits<'a> {
    input: &'a [u8],
    buffer: u64,
    count: u32,
    /// Zero bits that were taken past the end.
    missing: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        Self { input, buffer: 0, count: 0, missing: 0 }
    }

    /// Makes sure that `wanted` bits, 32 at most, are there; past the end they are zeros.
    pub(super) fn fill(&mut self, wanted: u32) {
        while self.count < wanted {
            let word = match self.input {
                [low, high, rest @ ..] => {
                    self.input = rest;
                    u64::from(u16::from_le_bytes([*low, *high]))
                }
                _ => {
                    self.missing += 16;
                    0
                }
            };
            self.buffer = self.buffer << 16 | word;
            self.count += 16;
        }
    }

    /// The next `count` bits, 17 at most, which stay where they are.
    fn peek(&mut self, count: u32) -> usize {
        self.fill(count);
        (self.buffer >> (self.count - count)) as usize & ((1 << count) - 1)
    }

    fn skip(&mut self, count: u32) {
        self.count = self.count.saturating_sub(count);
    }

    /// Takes `count` bits, 17 at most.
    pub(super) fn take(&mut self, count: u32) -> usize {
        let bits = self.peek(count);
        self.skip(count);
        bits
    }

    /// Whether more bits were taken than there are.
    pub(super) fn is_past_end(&self) -> bool {
        self.missing > self.count
    }

    /// Takes bytes from where the next word would begin; `None` where they are not there.
    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.input.split_at_checked(count)?;
        self.input = rest;
        Some(taken)
    }

    /// Drops the bits of the word that is being read, or a whole one at its begin.
    pub(super) fn align(&mut self) {
        self.fill(1);
        (self.buffer, self.count) = (0, 0);
    }
}

/// A canonical prefix code: shorter words before longer ones, then by symbol.
pub(super) struct Code {
    /// By the next [`QUICK`] bits: symbol and length; length 0 where the word is longer.
    quick: Vec<(u16, u8)>,
    /// Symbols in the order of their words.
    symbols: Vec<u16>,
    /// By length: how many words have it.
    counts: [u16; LONGEST + 1],
}

impl Code {
    /// Makes the code in which symbol n has a word of `lengths[n]` bits, 0 for none; `None` where
    /// there is no such code.
    pub(super) fn new(lengths: &[u8]) -> Option<Self> {
        let mut counts = [0u16; LONGEST + 1];
        for length in lengths {
            *counts.get_mut(usize::from(*length))? += 1;
        }
        if let Some(none) = counts.first_mut() {
            *none = 0;
        }
        let (mut used, mut starts, mut start) = (0u32, [0u16; LONGEST + 1], 0u16);
        for (length, count) in counts.iter().enumerate() {
            used += u32::from(*count) << (LONGEST - length);
            *starts.get_mut(length)? = start;
            start += count;
        }
        // A code may be empty, which only shows where it is used.
        if used > 1 << LONGEST {
            return None;
        }
        let mut symbols = vec![0; start.into()];
        for (symbol, length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            let at = starts.get_mut(usize::from(*length))?;
            *symbols.get_mut(usize::from(*at))? = symbol as u16;
            *at += 1;
        }
        let mut code = Self { quick: vec![(0, 0); 1 << QUICK], symbols, counts };
        code.fill_quick();
        Some(code)
    }

    fn fill_quick(&mut self) {
        let (mut word, mut index) = (0usize, 0usize);
        for length in 1..=QUICK {
            let count = self.counts.get(length as usize).copied().unwrap_or(0);
            for _ in 0..count {
                let symbol = self.symbols.get(index).copied().unwrap_or(0);
                let first = word << (QUICK - length);
                let same = self.quick.iter_mut().skip(first).take(1 << (QUICK - length));
                same.for_each(|entry| *entry = (symbol, length as u8));
                word += 1;
                index += 1;
            }
            word <<= 1;
        }
    }

    /// Takes the next symbol; `None` where no word is there.
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> Option<usize> {
        let (symbol, length) = self.quick.get(bits.peek(QUICK)).copied()?;
        if length > 0 {
            bits.skip(length.into());
            return Some(symbol.into());
        }
        let ahead = bits.peek(LONGEST as u32);
        let (mut first, mut index) = (0usize, 0usize);
        for length in 1..=LONGEST {
            let count = usize::from(self.counts.get(length).copied()?);
            let word = ahead >> (LONGEST - length);
            if word < first + count {
                bits.skip(length as u32);
                return self.symbols.get(index + word.checked_sub(first)?).map(|it| (*it).into());
            }
            first = (first + count) << 1;
            index += count;
        }
        None
    }
}

/// Copies what was `distance` bytes before onto the end, `len` bytes; `None` where there is nothing
/// so far back, or where it would be more than `most` bytes in all.
pub(super) fn copy_back(out: &mut Vec<u8>, distance: usize, len: usize, most: usize) -> Option<()> {
    let from = out.len().checked_sub(distance).filter(|_| distance > 0)?;
    if out.len().checked_add(len)? > most {
        return None;
    }
    if distance >= len {
        out.extend_from_within(from..from + len);
    } else {
        for at in from..from + len {
            out.push(*out.get(at)?);
        }
    }
    Some(())
}
