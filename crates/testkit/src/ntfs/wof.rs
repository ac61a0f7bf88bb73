//! Content as the Windows Overlay Filter keeps it, with XPRESS in chunks of 4 KiB, written from
//! [MS-XCA] 2.1 and wofapi.h.

use super::reparse_point;

const CHUNK: usize = 4096;

/// Returns the value of the reparse point of a file whose content is kept so; 0 is XPRESS4K.
pub fn wof(algorithm: u32) -> Vec<u8> {
    let words = [1, 2, 1, algorithm].map(u32::to_le_bytes);
    reparse_point(0x8000_0017, &words.concat())
}

/// Packs `plain`: chunks of one repeated byte become two code words, others are stored.
pub fn pack_xpress4k(plain: &[u8]) -> Vec<u8> {
    let chunks: Vec<Vec<u8>> = plain.chunks(CHUNK).map(pack_chunk).collect();
    let mut packed = Vec::new();
    let mut end = 0;
    for chunk in &chunks[..chunks.len().saturating_sub(1)] {
        end += chunk.len() as u32;
        packed.extend(end.to_le_bytes());
    }
    packed.extend(chunks.concat());
    packed
}

fn pack_chunk(plain: &[u8]) -> Vec<u8> {
    const LONG: usize = 256 + 15;
    let first = plain[0];
    if plain.len() < 300 || plain.iter().any(|byte| *byte != first) {
        return plain.to_vec();
    }
    // Two symbols have words of one bit: the byte, and a long match at distance 1.
    let mut packed = vec![0; 256];
    for symbol in [first.into(), LONG] {
        packed[symbol / 2] |= if symbol % 2 == 0 { 1 } else { 16 };
    }
    // 0 and 1, in two words of 16 bits; then the length, less the 3 that every match has.
    packed.extend([0x00, 0x40, 0x00, 0x00]);
    match plain.len() - 1 - 3 {
        len @ ..270 => packed.push((len - 15) as u8),
        len => {
            packed.push(255);
            packed.extend((len as u16).to_le_bytes());
        }
    }
    packed
}
