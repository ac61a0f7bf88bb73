use super::Error;
use crate::bytes::{u16_be, u16_le, u32_be, u32_le, window};
use crate::dos_time::unix_seconds;
use crate::{Filetime, Name};

/// A directory record (9.1).
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// Where it is in the volume, in bytes.
    pub place: u64,
    /// First block of its extent, behind what its extended attributes take.
    pub block: u64,
    /// Length of the extent in bytes.
    pub len: u64,
    pub flags: u8,
    /// Whether its extent is recorded in pieces.
    pub is_interleaved: bool,
    pub time: Filetime,
    /// The identifier, as stored: one byte 0 for the directory itself, 1 for the one above.
    pub identifier: Vec<u8>,
    /// What follows it for the system's use.
    pub system_use: Vec<u8>,
    /// Halves of its numbers that differ.
    pub doubt: Option<(&'static str, u64, u64)>,
}

/// Bits of `flags` (9.1.6).
pub(super) const HIDDEN: u8 = 1;
pub(super) const DIRECTORY: u8 = 2;
pub(super) const ASSOCIATED: u8 = 4;
pub(super) const MORE: u8 = 0x80;

/// Length of a record before its identifier.
const HEADER: usize = 33;

impl Record {
    /// Parses the record that `bytes` begin with, which is `place` bytes into the volume, and gives its
    /// length.
    pub fn parse(bytes: &[u8], place: u64) -> Result<(Self, usize), Error> {
        let error = |what| Error::Record { offset: place, what };
        let len = usize::from(bytes.first().copied().unwrap_or(0));
        let record = window(bytes, 0, len).ok_or(error("it reaches behind its sector"))?;
        let short = || error("it is too short");
        let byte = |at: usize| record.get(at).copied().ok_or_else(short);
        let identifier_len = usize::from(byte(32)?);
        let identifier = window(record, HEADER, identifier_len)
            .filter(|identifier| !identifier.is_empty())
            .ok_or_else(short)?;
        // A byte of padding makes the length of both even.
        let behind = (HEADER + identifier_len).next_multiple_of(2);
        let both =
            |at: usize| Some((u64::from(u32_le(record, at)?), u64::from(u32_be(record, at + 4)?)));
        let (block, data) = (both(2).ok_or_else(short)?, both(10).ok_or_else(short)?);
        let doubt = [("extent location", block), ("data length", data)];
        let doubt = doubt.into_iter().find(|(_, (little, big))| little != big);
        let attributes = u64::from(byte(1)?);
        let own = Self {
            place,
            block: block.0.saturating_add(attributes),
            len: data.0,
            flags: byte(25)?,
            is_interleaved: byte(26)? != 0 || byte(27)? != 0,
            time: short_time(window(record, 18, 7).ok_or_else(short)?),
            identifier: identifier.to_vec(),
            system_use: record.get(behind..).unwrap_or_default().to_vec(),
            doubt: doubt.map(|(field, (little, big))| (field, little, big)),
        };
        Ok((own, len))
    }

    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether it stands for the directory that it is in, or the one above.
    pub fn is_dot(&self) -> bool {
        matches!(self.identifier[..], [0 | 1])
    }

    /// The name without its version, `NAME.TXT` of `NAME.TXT;1`.
    pub fn name(&self, is_joliet: bool) -> Name {
        let name = match is_joliet {
            true => {
                let pairs = self.identifier.chunks_exact(2);
                Name::from_utf16(pairs.filter_map(|pair| u16_be(pair, 0)))
            }
            false => match std::str::from_utf8(&self.identifier) {
                Ok(text) => Name::from(text),
                Err(_) => Name::from_latin1(&self.identifier),
            },
        };
        let bytes = name.as_bytes();
        let end = bytes.iter().rposition(|byte| *byte == b';').filter(|end| {
            let version = bytes.get(end + 1..).unwrap_or_default();
            !version.is_empty() && version.iter().all(u8::is_ascii_digit)
        });
        let plain = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        // A name without an extension ends with its dot (7.5.1).
        let plain = match plain {
            [name @ .., b'.'] if end.is_some() && !name.is_empty() => name,
            name => name,
        };
        Name::from_wtf8(plain.to_vec())
    }
}

/// Both halves of a 16-bit number.
pub(super) fn both_16(bytes: &[u8], at: usize) -> Option<(u64, u64)> {
    Some((u16_le(bytes, at)?.into(), u16_be(bytes, at + 2)?.into()))
}

/// A time of seven bytes (9.1.5); unset where it is none.
pub(super) fn short_time(bytes: &[u8]) -> Filetime {
    let [year, month, day, hour, minute, second, zone] = *bytes else { return Filetime::default() };
    let parts = [month, day, hour, minute, second].map(u16::from);
    time(1900 + i64::from(year), parts, 0, zone)
}

/// A time of seventeen bytes, digits but for the last (8.4.26.1); unset where it is none.
pub(super) fn long_time(bytes: &[u8]) -> Filetime {
    let number = |at: usize, len: usize| {
        let digits = std::str::from_utf8(window(bytes, at, len)?).ok()?;
        digits.parse::<u16>().ok()
    };
    let parts = || {
        let parts = [number(4, 2)?, number(6, 2)?, number(8, 2)?, number(10, 2)?, number(12, 2)?];
        Some((number(0, 4)?, parts, number(14, 2)?, *bytes.get(16)?))
    };
    parts().map_or_else(Filetime::default, |(year, parts, hundredths, zone)| {
        time(year.into(), parts, hundredths, zone)
    })
}

/// `zone` counts quarters of an hour east of Greenwich, signed.
fn time(year: i64, parts: [u16; 5], hundredths: u16, zone: u8) -> Filetime {
    let Some(seconds) = unix_seconds(year, parts) else { return Filetime::default() };
    let seconds = seconds - i64::from(zone.cast_signed()) * 900;
    let nanos = i128::from(seconds) * 1_000_000_000 + i128::from(hundredths) * 10_000_000;
    Filetime::from_unix_nanos(nanos).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_zone() {
        let text = |time: Filetime| time.text().as_str().to_owned();
        assert_eq!(text(short_time(&[120, 2, 29, 23, 30, 1, 4])), "2020-02-29T22:30:01.0000000Z");
        assert_eq!(text(short_time(&[70, 1, 1, 0, 0, 0, 0xFC])), "1970-01-01T01:00:00.0000000Z");
        assert_eq!(text(long_time(b"2020022923300150\x04")), "2020-02-29T22:30:01.5000000Z");
        assert!(short_time(&[120, 13, 1, 0, 0, 0, 0]).is_unset());
        assert!(long_time(b"0000000000000000\0").is_unset());
    }

    #[test]
    fn names_lose_their_version_and_the_dot_of_no_extension() {
        let name = |identifier: &[u8], is_joliet| {
            let mut bytes = vec![0; HEADER];
            bytes[32] = identifier.len() as u8;
            bytes.extend_from_slice(identifier);
            bytes.push(0);
            bytes[0] = bytes.len() as u8;
            Record::parse(&bytes, 0).unwrap().0.name(is_joliet).to_text().into_owned()
        };
        assert_eq!(name(b"README.TXT;1", false), "README.TXT");
        assert_eq!(name(b"README.;12", false), "README");
        assert_eq!(name(b"A;B", false), "A;B");
        assert_eq!(name(b"\0\xC4\0;\x001", true), "Ä");
    }
}
