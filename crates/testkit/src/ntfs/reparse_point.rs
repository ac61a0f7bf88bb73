//! Reparse points ([MS-FSCC] 2.1.2).

use super::put;

/// Returns the value of a reparse point with any tag and data.
pub fn reparse_point(tag: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = tag.to_le_bytes().to_vec();
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend_from_slice(data);
    bytes
}

/// Returns the value of a symbolic link ([MS-FSCC] 2.1.2.4).
pub fn symlink(target: &str) -> Vec<u8> {
    reparse_point(0xA000_000C, &names(target, &[0, 0, 0, 0]))
}

/// Returns the value of a junction ([MS-FSCC] 2.1.2.5).
pub fn junction(target: &str) -> Vec<u8> {
    reparse_point(0xA000_0003, &names(target, &[]))
}

/// Substitute and print name with their places; the print name is the target without `\??\`.
fn names(target: &str, flags: &[u8]) -> Vec<u8> {
    let (substitute, print) =
        (put::utf16(target), put::utf16(target.strip_prefix(r"\??\").unwrap_or(target)));
    let mut bytes = vec![0; 8];
    put::u16(&mut bytes, 0, print.len() as u16 + 2); // the print name comes first here
    put::u16(&mut bytes, 2, substitute.len() as u16);
    put::u16(&mut bytes, 4, 0);
    put::u16(&mut bytes, 6, print.len() as u16);
    bytes.extend_from_slice(flags);
    bytes.extend(print);
    bytes.extend([0, 0]);
    bytes.extend(substitute);
    bytes
}
