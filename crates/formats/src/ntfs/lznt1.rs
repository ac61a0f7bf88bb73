//! LZNT1, the compression of NTFS streams.
// Source: [MS-XCA] 2.5.

const CHUNK: usize = 4096;

/// Inflates `packed` to at most `len` bytes; `Err` says what is wrong.
///
/// What a chunk does not fill of its 4096 bytes is zeros when another chunk follows.
pub(super) fn inflate(packed: &[u8], len: usize) -> Result<Vec<u8>, &'static str> {
    let mut out = Vec::with_capacity(len);
    let mut rest = packed;
    while out.len() < len {
        let Some((header, body)) = rest.split_first_chunk::<2>() else { break };
        let header = u16::from_le_bytes(*header);
        if header == 0 {
            break;
        }
        let size = usize::from(header & 0xFFF) + 1;
        let (chunk, tail) = body.split_at_checked(size).ok_or("a chunk goes past the end")?;
        let start = out.len();
        if header & 0x8000 == 0 {
            out.extend_from_slice(chunk);
        } else {
            inflate_chunk(chunk, &mut out)?;
        }
        if out.len() - start > CHUNK {
            return Err("a chunk inflates to more than 4096 bytes");
        }
        rest = tail;
        if out.len() < len && rest.first_chunk::<2>().is_some_and(|next| *next != [0, 0]) {
            out.resize(start + CHUNK, 0);
        }
    }
    out.truncate(len);
    Ok(out)
}

/// Inflates one chunk onto `out`. Groups of eight items are led by a byte of flags: a literal
/// byte, or a word that splits into distance and length further right as the chunk grows.
fn inflate_chunk(chunk: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    let start = out.len();
    let mut input = chunk.iter().copied();
    while let Some(flags) = input.next() {
        for bit in 0..8 {
            let Some(first) = input.next() else { return Ok(()) };
            if flags >> bit & 1 == 0 {
                out.push(first);
            } else {
                let second = input.next().ok_or("a chunk ends inside a back reference")?;
                copy_back(u16::from_le_bytes([first, second]), start, out)?;
            }
            if out.len() - start > CHUNK {
                return Err("a chunk inflates to more than 4096 bytes");
            }
        }
    }
    Ok(())
}

fn copy_back(word: u16, start: usize, out: &mut Vec<u8>) -> Result<(), &'static str> {
    let done = out.len() - start;
    let Some(last) = done.checked_sub(1) else {
        return Err("a chunk begins with a back reference");
    };
    let mut length_bits = 12;
    while last >> (16 - length_bits) != 0 && length_bits > 4 {
        length_bits -= 1;
    }
    let distance = usize::from(word >> length_bits) + 1;
    let len = usize::from(word & ((1 << length_bits) - 1)) + 3;
    let from = out.len().checked_sub(distance).filter(|from| *from >= start);
    let from = from.ok_or("a back reference points before its chunk")?;
    for at in from..from + len {
        let Some(&byte) = out.get(at) else { break };
        out.push(byte);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_example_of_the_specification_inflates() {
        // [MS-XCA] 3.2.
        let packed = [
            0x38, 0xb0, 0x88, 0x46, 0x23, 0x20, 0x00, 0x20, 0x47, 0x20, 0x41, 0x00, 0x10, 0xa2,
            0x47, 0x01, 0xa0, 0x45, 0x20, 0x44, 0x00, 0x08, 0x45, 0x01, 0x50, 0x79, 0x00, 0xc0,
            0x45, 0x20, 0x05, 0x24, 0x13, 0x88, 0x05, 0xb4, 0x02, 0x4a, 0x44, 0xef, 0x03, 0x58,
            0x02, 0x8c, 0x09, 0x16, 0x01, 0x48, 0x45, 0x00, 0xbe, 0x00, 0x9e, 0x00, 0x04, 0x01,
            0x18, 0x90, 0x00,
        ];
        let plain = b"F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G F# E D E A F# F# G A A G F# E D D E F# E D D\0";
        assert_eq!(inflate(&packed, 4096).unwrap(), plain);
        assert_eq!(inflate(&packed, 10).unwrap(), plain[..10]);
    }

    proptest! {
        #[test]
        fn any_bytes_end(packed in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(plain) = inflate(&packed, 65536) {
                prop_assert!(plain.len() <= 65536);
            }
        }
    }
}
