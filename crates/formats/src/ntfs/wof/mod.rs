//! Content that the Windows Overlay Filter keeps compressed beside a file ("compact OS"): the main
//! stream is sparse, and what it would hold is in the stream `WofCompressedData`.
//!
//! The compressed stream begins with a table of where each chunk but the first begins, counted from
//! behind the table; a chunk that takes as many bytes as it holds is stored as it is.
// Sources: Microsoft, wofapi.h and ntifs.h (WOF_EXTERNAL_INFO, FILE_PROVIDER_EXTERNAL_INFO_V1); the
// documentation of wimlib for the chunk table, which Windows images have as well.

mod huffman;
mod lzx;
mod xpress;

use std::io;

use crate::bytes::u32_le;
use crate::{ReadAt, ReadAtExt};

/// The name of the stream that has the compressed content.
pub const STREAM: &str = "WofCompressedData";

/// How content is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// XPRESS in chunks of 4 KiB.
    Xpress4K,
    /// LZX in chunks of 32 KiB.
    Lzx,
    /// XPRESS in chunks of 8 KiB.
    Xpress8K,
    /// XPRESS in chunks of 16 KiB.
    Xpress16K,
}

impl Algorithm {
    /// Reads what a reparse point of [`super::ReparsePoint::WOF`] says, without its first 8 bytes.
    /// `None` where content is not in the file but in a Windows image, or is compressed in a way
    /// that is not known.
    pub fn of_reparse_data(data: &[u8]) -> Option<Self> {
        const IN_FILE: u32 = 2;
        let words = [0, 4, 8, 12].map(|offset| u32_le(data, offset));
        match words {
            [Some(1), Some(IN_FILE), Some(1), Some(number)] => Self::from_number(number),
            _ => None,
        }
    }

    fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::Xpress4K,
            1 => Self::Lzx,
            2 => Self::Xpress8K,
            3 => Self::Xpress16K,
            _ => return None,
        })
    }

    /// The name: `XPRESS4K`, `LZX`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Xpress4K => "XPRESS4K",
            Self::Xpress8K => "XPRESS8K",
            Self::Xpress16K => "XPRESS16K",
            Self::Lzx => "LZX",
        }
    }

    /// Bytes that a chunk holds.
    fn chunk_len(self) -> usize {
        match self {
            Self::Xpress4K => 4 << 10,
            Self::Xpress8K => 8 << 10,
            Self::Xpress16K => 16 << 10,
            Self::Lzx => lzx::CHUNK,
        }
    }
}

/// Content that is kept compressed, as it was.
pub struct Inflated<R> {
    packed: R,
    algorithm: Algorithm,
    len: u64,
}

impl<R: ReadAt> Inflated<R> {
    /// Makes a reader of the `len` bytes that `packed` holds.
    pub fn new(packed: R, algorithm: Algorithm, len: u64) -> Self {
        Self { packed, algorithm, len }
    }

    /// Inflates the chunk of that number.
    fn chunk(&self, number: u64) -> io::Result<Vec<u8>> {
        let chunk_len = self.algorithm.chunk_len() as u64;
        let count = self.len.div_ceil(chunk_len);
        let len = (self.len - number * chunk_len).min(chunk_len) as usize;
        let damaged = |what: &str| {
            let text = format!("compressed chunk {number} of {count}: {what}");
            io::Error::new(io::ErrorKind::InvalidData, text)
        };
        let entry = if self.len > u32::MAX.into() { 8 } else { 4 };
        let table = (count - 1).saturating_mul(entry);
        let begin = |number: u64| -> io::Result<u64> {
            if number == 0 || number == count {
                let end = self.packed.len().saturating_sub(table);
                return Ok(if number == 0 { 0 } else { end });
            }
            let mut offset = [0; 8];
            let bytes = offset.get_mut(..entry as usize).unwrap_or_default();
            self.packed.read_exact_at(bytes, (number - 1) * entry)?;
            Ok(u64::from_le_bytes(offset))
        };
        let (from, to) = (begin(number)?, begin(number + 1)?);
        let size = to.checked_sub(from).ok_or_else(|| damaged("it ends before it begins"))?;
        // A chunk that would not be smaller is stored.
        let size = usize::try_from(size).ok().filter(|size| *size <= len);
        let size = size.ok_or_else(|| damaged("it takes more bytes than it holds"))?;
        let start = table.checked_add(from).ok_or_else(|| damaged("it begins nowhere"))?;
        let packed = self.packed.read_vec_at(start, size)?;
        if packed.len() < size {
            return Err(damaged("the stream ends inside it"));
        }
        if size == len {
            return Ok(packed);
        }
        let inflated = match self.algorithm {
            Algorithm::Lzx => lzx::inflate(&packed, len),
            _ => xpress::inflate(&packed, len),
        };
        inflated.map_err(damaged)
    }
}

impl<R: ReadAt> ReadAt for Inflated<R> {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = buf.len().min(left);
        let chunk_len = self.algorithm.chunk_len() as u64;
        let mut done = 0;
        while done < wanted {
            let at = offset + done as u64;
            let chunk = self.chunk(at / chunk_len)?;
            let from = chunk.get((at % chunk_len) as usize..).unwrap_or_default();
            let count = from.len().min(wanted - done);
            let Some(to) = buf.get_mut(done..done + count) else { break };
            to.copy_from_slice(from.get(..count).unwrap_or_default());
            done += count;
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A stream of one chunk that is not stored.
    fn read(packed: &[u8], algorithm: Algorithm, len: u64) -> io::Result<Vec<u8>> {
        let mut plain = vec![0; len as usize];
        Inflated::new(packed, algorithm, len).read_exact_at(&mut plain, 0)?;
        Ok(plain)
    }

    #[test]
    fn what_a_reparse_point_says_is_read() {
        let data = |words: [u32; 4]| words.map(u32::to_le_bytes).concat();
        assert_eq!(Algorithm::of_reparse_data(&data([1, 2, 1, 1])), Some(Algorithm::Lzx));
        for other in [[1, 1, 1, 1], [1, 2, 1, 4], [2, 2, 1, 0]] {
            assert_eq!(Algorithm::of_reparse_data(&data(other)), None);
        }
        assert_eq!(Algorithm::of_reparse_data(&[1, 0]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_end(packed in prop::collection::vec(any::<u8>(), 0..2000), len in 0u64..200_000) {
            for number in 0..4 {
                let algorithm = Algorithm::from_number(number).unwrap();
                let _ = read(&packed, algorithm, len);
            }
        }

        #[test]
        fn any_chunk_ends(packed in prop::collection::vec(any::<u8>(), 0..2000)) {
            for len in [1, 4096, 32768] {
                if let Ok(plain) = lzx::inflate(&packed, len) {
                    prop_assert_eq!(plain.len(), len);
                }
                if let Ok(plain) = xpress::inflate(&packed, len) {
                    prop_assert_eq!(plain.len(), len);
                }
            }
        }
    }
}
