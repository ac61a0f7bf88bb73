//! LZX as Windows images and compressed system files have it: each chunk on its own.
// Sources: [MS-PATCH] 2 (blocks, trees, positions); the differences of Windows images as the
// documentation of wimlib has them (`lzx_common.h`): a block may say in one bit that it has 32 KiB,
// there is no header, and calls are translated as if the file had 12,000,000 bytes.

use super::huffman::{Bits, Code, copy_back};

/// Bytes of a chunk, which is also the window.
pub(super) const CHUNK: usize = 32 * 1024;
/// Positions of a window of 32 KiB.
const SLOTS: usize = 30;
const MAIN: usize = 256 + 8 * SLOTS;
const LENGTHS: usize = 249;
/// What a translated call's file is said to have, in bytes.
const FILE_LEN: i32 = 12_000_000;

const SHORT: &str = "it ends before its content does";

/// Inflates `packed` to `len` bytes, [`CHUNK`] at most; `Err` says what is wrong.
pub(super) fn inflate(packed: &[u8], len: usize) -> Result<Vec<u8>, &'static str> {
    let mut state = State { recent: [1; 3], main: [0; MAIN], lengths: [0; LENGTHS] };
    let mut bits = Bits::new(packed);
    let mut out = Vec::with_capacity(len);
    while out.len() < len {
        let kind = bits.take(3);
        let size = if bits.take(1) == 1 { CHUNK } else { bits.take(16) };
        let end = out.len() + size.min(len - out.len());
        match kind {
            1 | 2 => state.compressed(kind == 2, &mut bits, &mut out, end)?,
            3 => state.stored(&mut bits, &mut out, end, size)?,
            _ => return Err("a block has an unknown type"),
        }
        if bits.is_past_end() || size == 0 {
            return Err(SHORT);
        }
    }
    translate_calls(&mut out);
    Ok(out)
}

/// What goes on from block to block.
struct State {
    /// The distances that were used last.
    recent: [u32; 3],
    main: [u8; MAIN],
    lengths: [u8; LENGTHS],
}

impl State {
    fn compressed(
        &mut self,
        is_aligned: bool,
        bits: &mut Bits<'_>,
        out: &mut Vec<u8>,
        end: usize,
    ) -> Result<(), &'static str> {
        const CODE: &str = "its code has too many words";
        let aligned = match is_aligned {
            true => {
                let lengths: Vec<u8> = (0..8).map(|_| bits.take(3) as u8).collect();
                Some(Code::new(&lengths).ok_or(CODE)?)
            }
            false => None,
        };
        let (literals, matches) = self.main.split_at_mut(256);
        for lengths in [literals, matches, &mut self.lengths] {
            read_lengths(bits, lengths)?;
        }
        let main = Code::new(&self.main).ok_or(CODE)?;
        let lengths = Code::new(&self.lengths).ok_or(CODE)?;
        while out.len() < end {
            let symbol = main.symbol(bits).ok_or("no code word is there")?;
            if bits.is_past_end() {
                return Err(SHORT);
            }
            let Some(reference) = symbol.checked_sub(256) else {
                out.push(symbol as u8);
                continue;
            };
            let len = match reference & 7 {
                7 => 7 + lengths.symbol(bits).ok_or("no code word is there")?,
                short => short,
            };
            let distance = self.distance(reference >> 3, aligned.as_ref(), bits)?;
            let copied = copy_back(out, distance as usize, len + 2, end);
            copied.ok_or("a back reference leads out of the content")?;
        }
        Ok(())
    }

    /// The distance of a position slot.
    fn distance(
        &mut self,
        slot: usize,
        aligned: Option<&Code>,
        bits: &mut Bits<'_>,
    ) -> Result<u32, &'static str> {
        if slot < 3 {
            self.recent.swap(0, slot);
            let [first, ..] = self.recent;
            return Ok(first);
        }
        let extra = extra_bits(slot);
        let mut offset = base(slot);
        match aligned {
            Some(code) if extra >= 3 => {
                offset += (bits.take(extra - 3) as u32) << 3;
                offset += code.symbol(bits).ok_or("no code word is there")? as u32;
            }
            _ => offset += bits.take(extra) as u32,
        }
        // The first two of the positions stand for the recent distances.
        let distance = offset - 2;
        let [first, second, _] = self.recent;
        self.recent = [distance, first, second];
        Ok(distance)
    }

    fn stored(
        &mut self,
        bits: &mut Bits<'_>,
        out: &mut Vec<u8>,
        end: usize,
        size: usize,
    ) -> Result<(), &'static str> {
        bits.align();
        for recent in &mut self.recent {
            let bytes = bits.bytes(4).and_then(|bytes| bytes.try_into().ok()).ok_or(SHORT)?;
            *recent = u32::from_le_bytes(bytes);
        }
        out.extend_from_slice(bits.bytes(end - out.len()).ok_or(SHORT)?);
        // The next word begins at an even place; behind the last byte there may be none.
        if size % 2 == 1 {
            let _ = bits.bytes(1);
        }
        Ok(())
    }
}

fn extra_bits(slot: usize) -> u32 {
    (slot as u32 / 2).saturating_sub(1)
}

/// The first position of a slot: each has as many as its extra bits can tell apart.
fn base(slot: usize) -> u32 {
    (0..slot).map(|before| 1 << extra_bits(before)).sum()
}

/// Reads lengths of code words, which are told as differences from those of the block before.
fn read_lengths(bits: &mut Bits<'_>, lengths: &mut [u8]) -> Result<(), &'static str> {
    let own: Vec<u8> = (0..20).map(|_| bits.take(4) as u8).collect();
    let code = Code::new(&own).ok_or("the code of its codes has too many words")?;
    let next = |bits: &mut Bits<'_>| code.symbol(bits).ok_or("no code word is there");
    let differ = |old: u8, by: usize| (usize::from(old) + 17 - by) as u8 % 17;
    let mut index = 0;
    while index < lengths.len() {
        let symbol = next(bits)?;
        if bits.is_past_end() {
            return Err(SHORT);
        }
        let old = |lengths: &[u8]| lengths.get(index).copied().unwrap_or(0);
        let (value, run) = match symbol {
            0..=16 => (differ(old(lengths), symbol), 1),
            17 => (0, 4 + bits.take(4)),
            18 => (0, 20 + bits.take(5)),
            _ => {
                let run = 4 + bits.take(1);
                let symbol = next(bits)?;
                if symbol > 16 {
                    return Err("a run of lengths has no length");
                }
                (differ(old(lengths), symbol), run)
            }
        };
        for length in lengths.iter_mut().skip(index).take(run) {
            *length = value;
        }
        index += run;
    }
    Ok(())
}

/// Makes the targets of calls (x86, opcode E8) relative again, as they were.
fn translate_calls(bytes: &mut [u8]) {
    let last = bytes.len().saturating_sub(10);
    let mut at = 0;
    while at < last {
        if bytes.get(at) != Some(&0xE8) {
            at += 1;
            continue;
        }
        if let Some(target) = bytes.get_mut(at + 1..).and_then(|rest| rest.first_chunk_mut::<4>()) {
            let (absolute, here) = (i32::from_le_bytes(*target), at as i32);
            if (-here..FILE_LEN).contains(&absolute) {
                let relative = if absolute >= 0 { absolute - here } else { absolute + FILE_LEN };
                *target = relative.to_le_bytes();
            }
        }
        at += 5;
    }
}
