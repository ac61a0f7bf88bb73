//! XPRESS with Huffman codes.
// Source: [MS-XCA] 2.2.

use super::huffman::{Bits, Code, copy_back};

/// Symbols of the code: 256 literals, and 16 lengths with 16 distances each.
const SYMBOLS: usize = 512;

/// Inflates `packed` to `len` bytes, 64 KiB at most; `Err` says what is wrong.
pub(super) fn inflate(packed: &[u8], len: usize) -> Result<Vec<u8>, &'static str> {
    let (lengths, words) =
        packed.split_at_checked(SYMBOLS / 2).ok_or("it is shorter than its code")?;
    let lengths: Vec<u8> = lengths.iter().flat_map(|byte| [byte & 15, byte >> 4]).collect();
    let code = Code::new(&lengths).ok_or("its code has too many words")?;
    let mut bits = Bits::new(words);
    let mut out = Vec::with_capacity(len);
    while out.len() < len {
        // Two words are read ahead of the bytes that stand between.
        bits.fill(16);
        let symbol = code.symbol(&mut bits).ok_or("no code word is there")?;
        if bits.is_past_end() {
            return Err("it ends before its content does");
        }
        match symbol.checked_sub(256) {
            None => out.push(symbol as u8),
            Some(reference) => {
                bits.fill(16);
                let long = match reference & 15 {
                    15 => more(&mut bits).ok_or("it ends inside a length")?,
                    short => short,
                };
                let log = (reference >> 4) as u32;
                let distance = (1 << log) + bits.take(log);
                let copied = copy_back(&mut out, distance, long.saturating_add(3), len);
                copied.ok_or("a back reference leads out of the content")?;
            }
        }
    }
    Ok(out)
}

/// A length that four bits do not hold.
fn more(bits: &mut Bits<'_>) -> Option<usize> {
    let byte = *bits.bytes(1)?.first()?;
    if byte < 255 {
        return Some(usize::from(byte) + 15);
    }
    let word = u16::from_le_bytes(bits.bytes(2)?.try_into().ok()?);
    match word {
        0 => usize::try_from(u32::from_le_bytes(bits.bytes(4)?.try_into().ok()?)).ok(),
        word => Some(word.into()),
    }
}
