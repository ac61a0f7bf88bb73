//! What is needed to change an APFS container.

/// Size of a block, in bytes.
pub const BLOCK: usize = 4096;

/// Sum of a block behind its first eight bytes.
// Source: Apple File System Reference, "Object Checksum": Fletcher's of 64 bits over 32-bit words.
pub fn checksum(block: &[u8]) -> [u8; 8] {
    const MODULUS: u64 = 0xFFFF_FFFF;
    let (mut low, mut high) = (0u64, 0u64);
    for word in block[8..].as_chunks().0 {
        low = (low + u64::from(u32::from_le_bytes(*word))) % MODULUS;
        high = (high + low) % MODULUS;
    }
    let first = MODULUS - (low + high) % MODULUS;
    let second = MODULUS - (low + first) % MODULUS;
    (second << 32 | first).to_le_bytes()
}
