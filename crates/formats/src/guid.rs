use std::fmt;

/// A GUID by its sixteen bytes as they are stored, whose first three fields are little-endian.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// Whether all of it is 0, which stands for none.
    pub fn is_nil(self) -> bool {
        self.0 == [0; 16]
    }

    /// Reads sixteen bytes at `offset`.
    pub(crate) fn at(bytes: &[u8], offset: usize) -> Option<Self> {
        bytes.get(offset..)?.first_chunk().copied().map(Self)
    }

    /// Reads `{2DC27766-F623-4200-9D64-115E9BFD4A08}`, with braces or without.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches('{').trim_end_matches('}');
        let parts: Vec<&str> = text.split('-').collect();
        if parts.iter().map(|part| part.len()).ne([8, 4, 4, 4, 12]) {
            return None;
        }
        let mut bytes = u128::from_str_radix(&parts.concat(), 16).ok()?.to_be_bytes();
        let [a, b, c, d, e, f, g, h, ..] = &mut bytes;
        std::mem::swap(a, d);
        std::mem::swap(b, c);
        std::mem::swap(e, f);
        std::mem::swap(g, h);
        Some(Self(bytes))
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g, h, i, rest @ ..] = self.0;
        let first = u32::from_le_bytes([a, b, c, d]);
        let (second, third) = (u16::from_le_bytes([e, g]), u16::from_le_bytes([h, i]));
        write!(f, "{first:08X}-{second:04X}-{third:04X}-")?;
        for (index, byte) in rest.into_iter().enumerate() {
            if index == 2 {
                f.write_str("-")?;
            }
            write!(f, "{byte:02X}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_it_is_read() {
        let text = "2DC27766-F623-4200-9D64-115E9BFD4A08";
        let guid = Guid::parse(&format!("{{{}}}", text.to_lowercase())).unwrap();
        assert_eq!((guid.to_string().as_str(), guid.0[0]), (text, 0x66));
        assert_eq!(Guid::parse("2DC27766-F623-4200-9D64"), None);
    }
}
