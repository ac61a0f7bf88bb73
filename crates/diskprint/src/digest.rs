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
}

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_back() {
        let bytes = [0, 1, 0x9a, 0xff];
        assert_eq!(Hex::decode(&Hex(&bytes).to_string()), Some(bytes));
        for wrong in ["", "0", "00019af", "00019aff0", "00019aff00", "00019ag0", "+1-1+1-1"] {
            assert_eq!(Hex::decode::<4>(wrong), None, "{wrong}");
        }
    }
}
