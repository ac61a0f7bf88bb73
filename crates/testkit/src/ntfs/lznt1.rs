//! LZNT1, written from [MS-XCA] 2.5.

/// How chunks are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunks {
    /// As they are, marked as not compressed.
    Plain,
    /// With back references to the nearest same three bytes in the last 64.
    Packed,
}

/// Packs `plain` in chunks of 4096 bytes; the end is two zeros.
pub fn pack(plain: &[u8], chunks: Chunks) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in plain.chunks(4096) {
        let packed = pack_chunk(chunk);
        let (flag, body) = match chunks {
            Chunks::Packed if packed.len() < chunk.len() => (0xB000, &packed[..]),
            _ => (0x3000, chunk),
        };
        out.extend((flag | (body.len() - 1) as u16).to_le_bytes());
        out.extend_from_slice(body);
    }
    out.extend([0, 0]);
    out
}

fn pack_chunk(chunk: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < chunk.len() {
        let flags_at = out.len();
        out.push(0);
        for bit in 0..8 {
            if at == chunk.len() {
                break;
            }
            match back_reference(chunk, at) {
                Some((word, len)) => {
                    out[flags_at] |= 1 << bit;
                    out.extend(word.to_le_bytes());
                    at += len;
                }
                None => {
                    out.push(chunk[at]);
                    at += 1;
                }
            }
        }
    }
    out
}

/// The word for what was there before, and how long that is.
fn back_reference(chunk: &[u8], at: usize) -> Option<(u16, usize)> {
    // The distance has as many bits as the offset in the chunk needs, four at least.
    let distance_bits = (usize::BITS - at.saturating_sub(1).leading_zeros()).max(4);
    let longest = (1usize << (16 - distance_bits)) + 2;
    (1..=at.min(64)).find_map(|distance| {
        let same = chunk[at..].iter().zip(&chunk[at - distance..]).take_while(|(a, b)| a == b);
        let len = same.count().min(longest);
        let word = (distance - 1) << (16 - distance_bits) | len.wrapping_sub(3);
        (len >= 3).then_some((word as u16, len))
    })
}
