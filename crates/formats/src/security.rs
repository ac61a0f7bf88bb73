use std::fmt;

use crate::bytes::{u32_le, window};

/// A security descriptor in self-relative form: who owns a thing and who may do what with it.
// Source: [MS-DTYP] 2.4.6, "SECURITY_DESCRIPTOR".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecurityDescriptor<'a> {
    bytes: &'a [u8],
}

impl<'a> SecurityDescriptor<'a> {
    /// The descriptor in these bytes, whatever they hold.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Its bytes as stored.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The owner; `None` when there is none or it cannot be read.
    pub fn owner(&self) -> Option<Sid<'a>> {
        self.sid(4)
    }

    /// The primary group; `None` when there is none or it cannot be read.
    pub fn group(&self) -> Option<Sid<'a>> {
        self.sid(8)
    }

    fn sid(&self, field: usize) -> Option<Sid<'a>> {
        let offset = usize::try_from(u32_le(self.bytes, field)?).ok()?;
        if offset == 0 {
            return None;
        }
        Sid::read(self.bytes.get(offset..)?)
    }
}

/// A security identifier, shown as `S-1-5-21-…`.
// Source: [MS-DTYP] 2.4.2.2, "SID--Packet Representation".
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sid<'a> {
    bytes: &'a [u8],
}

/// Bytes before the subauthorities.
const HEADER_LEN: usize = 8;
/// The most subauthorities of an identifier.
const MOST_SUBAUTHORITIES: u8 = 15;

impl<'a> Sid<'a> {
    /// The identifier at the start of `bytes`; `None` when there is none.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let &[revision, count] = bytes.first_chunk()?;
        if revision != 1 || count > MOST_SUBAUTHORITIES {
            return None;
        }
        let bytes = window(bytes, 0, HEADER_LEN.saturating_add(usize::from(count) * 4))?;
        Some(Self { bytes })
    }

    /// Its bytes as stored.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

impl fmt::Display for Sid<'_> {
    // Source: [MS-DTYP] 2.4.2.1, "SID String Format Syntax".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self.bytes.get(2..HEADER_LEN).unwrap_or_default();
        let number = authority.iter().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
        match u32::try_from(number) {
            Ok(number) => write!(f, "S-1-{number}")?,
            Err(_) => write!(f, "S-1-{number:#014x}")?,
        }
        let (subauthorities, _) = self.bytes.get(HEADER_LEN..).unwrap_or_default().as_chunks();
        subauthorities.iter().try_for_each(|word| write!(f, "-{}", u32::from_le_bytes(*word)))
    }
}

impl fmt::Debug for Sid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADMINISTRATORS: [u8; 16] = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];

    #[test]
    fn an_identifier_is_shown_as_windows_does() {
        assert_eq!(Sid::read(&ADMINISTRATORS).unwrap().to_string(), "S-1-5-32-544");
        let odd = [1, 0, 1, 0, 0, 0, 0, 5];
        assert_eq!(Sid::read(&odd).unwrap().to_string(), "S-1-0x010000000005");
    }

    #[test]
    fn what_is_none_is_none() {
        assert_eq!(Sid::read(&[]), None);
        assert_eq!(Sid::read(&[2; 80]), None, "revision");
        assert_eq!(Sid::read(&[[1, 16].as_slice(), &[0; 80]].concat()), None, "count");
        assert_eq!(Sid::read(&ADMINISTRATORS[..15]), None, "cut");
    }

    #[test]
    fn a_descriptor_tells_its_owner() {
        let mut bytes = vec![1, 0, 4, 0x80, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend(ADMINISTRATORS);
        let descriptor = SecurityDescriptor::new(&bytes);
        assert_eq!(descriptor.owner().unwrap().to_string(), "S-1-5-32-544");
        assert_eq!(descriptor.group(), None);
        assert_eq!(SecurityDescriptor::new(&bytes[..30]).owner(), None);
        assert_eq!(SecurityDescriptor::new(&[]).owner(), None);
    }
}
