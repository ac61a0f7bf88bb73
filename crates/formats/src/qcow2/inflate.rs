use std::io::{self, Read};

use flate2::read::DeflateDecoder;

use super::Compression;

/// The largest window of a zstd frame that is read, as a power of two: eight times the longest
/// cluster.
const WINDOW_BITS: u32 = 24;

/// Inflates a cluster of `len` bytes. What follows it in `bytes` is of another one: the length of
/// a compressed cluster is known in whole sectors only.
pub(super) fn inflate(compression: Compression, bytes: &[u8], len: usize) -> io::Result<Vec<u8>> {
    let mut cluster = vec![0; len];
    match compression {
        Compression::Deflate => DeflateDecoder::new(bytes).read_exact(&mut cluster)?,
        Compression::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(bytes)?.single_frame();
            decoder.window_log_max(WINDOW_BITS)?;
            decoder.read_exact(&mut cluster)?;
        }
    }
    Ok(cluster)
}
