use std::fmt;
use std::io::{self, Read};

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The three digests of one content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// MD5.
    pub md5: [u8; 16],
    /// SHA-1.
    pub sha1: [u8; 20],
    /// SHA-256.
    pub sha256: [u8; 32],
}

impl Digests {
    /// Digests `bytes` at once.
    pub fn of(bytes: &[u8]) -> Self {
        let mut digester = Digester::default();
        digester.update(bytes);
        digester.finish()
    }

    /// The SHA-256 of `bytes` alone.
    pub fn sha256_of(bytes: &[u8]) -> [u8; 32] {
        Sha256::digest(bytes).into()
    }

    /// Digests everything that `reader` gives.
    ///
    /// # Errors
    /// When it fails.
    pub fn read(mut reader: impl Read) -> io::Result<Self> {
        let mut digester = Digester::default();
        let mut buf = vec![0; 1 << 18];
        loop {
            match reader.read(&mut buf) {
                Ok(0) => return Ok(digester.finish()),
                Ok(len) => digester.update(buf.get(..len).unwrap_or(&buf)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Makes all three [`Digests`] in one pass over the content.
#[derive(Default)]
pub(crate) struct Digester {
    md5: Md5,
    sha1: Sha1,
    sha256: Sha256,
}

impl Digester {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.sha1.update(bytes);
        self.sha256.update(bytes);
    }

    pub(crate) fn finish(self) -> Digests {
        Digests {
            md5: self.md5.finalize().into(),
            sha1: self.sha1.finalize().into(),
            sha256: self.sha256.finalize().into(),
        }
    }
}

/// Bytes shown as lower-case hexadecimal digits.
pub struct Hex<'a>(pub &'a [u8]);

impl Hex<'_> {
    /// Reads `N` bytes from their hexadecimal digits; `None` where it is something else.
    pub fn decode<const N: usize>(digits: &str) -> Option<[u8; N]> {
        let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
        let mut bytes = [0; N];
        let (pairs, []) = digits.as_bytes().as_chunks::<2>() else { return None };
        if pairs.len() != N {
            return None;
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Some(bytes)
    }

    /// Writes the digits behind `text`; a format string for each byte takes ten times as long.
    pub(crate) fn push_to(&self, text: &mut Vec<u8>) {
        text.extend(self.0.iter().flat_map(|byte| pair(*byte)));
    }
}

fn pair(byte: u8) -> [u8; 2] {
    let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + (half - 10) };
    [digit(byte >> 4), digit(byte & 0x0F)]
}

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for bytes in self.0.chunks(32) {
            let mut digits = [[0; 2]; 32];
            digits.iter_mut().zip(bytes).for_each(|(digits, byte)| *digits = pair(*byte));
            let digits = digits.as_flattened().get(..2 * bytes.len()).unwrap_or_default();
            f.write_str(str::from_utf8(digits).unwrap_or_default())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_back() {
        let bytes = [0, 1, 0x9a, 0xff];
        assert_eq!(Hex(&bytes).to_string(), "00019aff");
        let all: [u8; 256] = std::array::from_fn(|byte| byte as u8);
        let digits: String = all.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((Hex(&all).to_string(), Hex::decode(&digits)), (digits.clone(), Some(all)));
        let mut text = Vec::new();
        Hex(&all).push_to(&mut text);
        assert_eq!(text, digits.as_bytes());
        for wrong in ["", "0", "00019af", "00019aff0", "00019aff00", "00019ag0", "+1-1+1-1"] {
            assert_eq!(Hex::decode::<4>(wrong), None, "{wrong}");
        }
    }
}
