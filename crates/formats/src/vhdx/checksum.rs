/// CRC-32C of `parts` as if they were one, each byte from its lowest bit on.
// Source: [MS-VHDX] 2.2.2, Checksum: CRC-32C as RFC 3720 has it (iSCSI).
pub fn crc32c(parts: &[&[u8]]) -> u32 {
    let bytes = parts.iter().copied().flatten();
    !bytes.fold(!0, |crc: u32, byte| {
        let index = (crc as u8) ^ byte;
        TABLE.get(usize::from(index)).copied().unwrap_or(0) ^ (crc >> 8)
    })
}

/// The polynomial of Castagnoli, reversed.
const POLYNOMIAL: u32 = 0x82F6_3B78;

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

/// CRC-32C of `bytes` whose own checksum, four bytes at 4, counts as zeros.
pub(super) fn without_itself(bytes: &[u8]) -> Option<u32> {
    Some(crc32c(&[bytes.get(..4)?, &[0; 4], bytes.get(8..)?]))
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_that_of_the_rfc() {
        // Source: RFC 3720, B.4.
        assert_eq!(super::crc32c(&[&[0; 32]]), 0x8A91_36AA);
        assert_eq!(super::crc32c(&[&[0xFF; 16], &[0xFF; 16]]), 0x62A8_AB43);
    }
}
