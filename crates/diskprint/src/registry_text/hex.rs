use std::io::{self, Write};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The two hexadecimal digits of a byte.
pub(super) fn digits(byte: u8) -> [u8; 2] {
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'?');
    [digit(byte >> 4), digit(byte & 0xF)]
}

/// Writes bytes as pairs of digits with spaces between them.
pub(super) fn spaced(bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    const PIECE: usize = 256;
    let Some((first, rest)) = bytes.split_first() else { return Ok(()) };
    out.write_all(&digits(*first))?;
    let mut piece = [0; 3 * PIECE];
    for bytes in rest.chunks(PIECE) {
        let (triples, _) = piece.as_chunks_mut::<3>();
        for (triple, byte) in triples.iter_mut().zip(bytes) {
            let [high, low] = digits(*byte);
            *triple = [b' ', high, low];
        }
        out.write_all(piece.get(..bytes.len().saturating_mul(3)).unwrap_or(&[]))?;
    }
    Ok(())
}
