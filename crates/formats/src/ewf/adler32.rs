use super::Error;

/// Adler-32 of bytes: what guards every structure of a segment, and chunks that are not compressed.
// Source: RFC 1950, 8.2, "The Adler-32 algorithm"; EWF specification, "Adler-32 checksum".
pub fn adler32(bytes: &[u8]) -> u32 {
    /// The largest prime below 2^16.
    const BASE: u32 = 65_521;
    /// So many bytes can be added before a sum needs more than 32 bits.
    const MOST: usize = 5552;
    let (mut low, mut high) = (1u32, 0u32);
    for part in bytes.chunks(MOST) {
        let lanes = part.chunks_exact(LANES);
        let rest = lanes.remainder();
        for lane in lanes {
            // Each of so many bytes counts for itself and all behind it.
            let (mut sum, mut weighted) = (0u32, 0u32);
            for (byte, weight) in lane.iter().zip(WEIGHTS) {
                sum = sum.wrapping_add(u32::from(*byte));
                weighted = weighted.wrapping_add(u32::from(*byte).wrapping_mul(weight));
            }
            high = high.wrapping_add(low.wrapping_mul(LANES as u32)).wrapping_add(weighted);
            low = low.wrapping_add(sum);
        }
        for byte in rest {
            low = low.wrapping_add(u32::from(*byte));
            high = high.wrapping_add(low);
        }
        low %= BASE;
        high %= BASE;
    }
    (high << 16) | low
}

/// Bytes that are added at a time.
const LANES: usize = 16;

/// How often the sum of sums has each of them.
const WEIGHTS: [u32; LANES] = [16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1];

/// Compares bytes with the checksum that is stated of them.
pub(super) fn check(
    segment: u32,
    structure: &'static str,
    offset: u64,
    bytes: &[u8],
    stated: u32,
) -> Result<(), Error> {
    let computed = adler32(bytes);
    match computed == stated {
        true => Ok(()),
        false => Err(Error::Checksum { segment, structure, offset, stated, computed }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_zlib_writes_at_the_end() {
        assert_eq!(adler32(b""), 1);
        // Source: the value that Wikipedia, "Adler-32", works out by hand.
        assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
        let bytes: Vec<u8> =
            (0..70_001u32).map(|at| (at.wrapping_mul(at) >> 3) as u8 | 0x80).collect();
        for len in [1, 15, 16, 17, 5551, 5552, 5553, 70_001] {
            let (mut low, mut high) = (1u32, 0u32);
            for byte in &bytes[..len] {
                low = (low + u32::from(*byte)) % 65_521;
                high = (high + low) % 65_521;
            }
            assert_eq!(adler32(&bytes[..len]), (high << 16) | low, "{len}");
        }
        assert_eq!(adler32(&vec![0xFF; 100_000]), adler32_plain(&vec![0xFF; 100_000]));
    }

    fn adler32_plain(bytes: &[u8]) -> u32 {
        let sums = bytes.iter().fold((1u32, 0u32), |(low, high), byte| {
            let low = (low + u32::from(*byte)) % 65_521;
            (low, (high + low) % 65_521)
        });
        (sums.1 << 16) | sums.0
    }
}
