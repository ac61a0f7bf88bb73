use super::footer::COOKIE;
use super::{DynamicHeader, Error, Footer, Kind, SECTOR};
use crate::{ReadAt, ReadAtExt};

/// What a VHD says of itself.
#[derive(Debug)]
pub struct Header {
    /// The footer.
    pub footer: Footer,
    /// The header of a dynamic or differencing disk.
    pub dynamic: Option<DynamicHeader>,
    /// What is damaged but could be helped.
    pub findings: Vec<Error>,
}

/// Length of the footer in disks older than Virtual PC 2004.
// Source: "Virtual Hard Disk Image Format Specification", "Hard Disk Footer Format".
const OLD_FOOTER: u64 = 511;

impl Header {
    /// Finds the footer of `file` at its end, or its copy at the start; `None` when there is
    /// neither.
    ///
    /// # Errors
    /// When it is a VHD, and damaged beyond help.
    pub fn read(file: &dyn ReadAt) -> Result<Option<Self>, Error> {
        let mut findings = Vec::new();
        let Some(mut footer) = footer(file, &mut findings)? else { return Ok(None) };
        let dynamic = match footer.kind {
            Kind::Fixed => {
                let (stated, there) = (footer.current_size, file.len().saturating_sub(OLD_FOOTER));
                let there = there / SECTOR * SECTOR;
                if stated > there {
                    findings.push(Error::FixedShort { stated, there });
                    footer.current_size = there;
                }
                None
            }
            _ => Some(DynamicHeader::read(file, footer.data_offset, &mut findings)?),
        };
        Ok(Some(Self { footer, dynamic, findings }))
    }
}

fn footer(file: &dyn ReadAt, findings: &mut Vec<Error>) -> Result<Option<Footer>, Error> {
    let structure = "footer";
    let read = |offset, len: u64| {
        let bytes = file.read_vec_at(offset, len as usize);
        bytes.map_err(|source| Error::Read { structure, offset, source })
    };
    let mut ends = Vec::new();
    for len in [SECTOR, OLD_FOOTER] {
        let Some(offset) = file.len().checked_sub(len) else { continue };
        let bytes = read(offset, len)?;
        if bytes.starts_with(COOKIE) {
            ends.push((offset, bytes));
        }
    }
    let start = read(0, SECTOR)?;
    let damage = match ends.first() {
        Some((offset, bytes)) => match Footer::parse(bytes, *offset, findings) {
            Ok(footer) => return Ok(footer),
            Err(error) => error,
        },
        None if start.starts_with(COOKIE) => {
            let last = read(file.len().saturating_sub(SECTOR), SECTOR)?;
            Error::NoFooter { start: last.first_chunk().copied().unwrap_or_default() }
        }
        None => return Ok(None),
    };
    findings.clear();
    match Footer::parse(&start, 0, findings) {
        Ok(Some(footer)) => {
            findings.push(Error::FooterReplaced { source: damage.into() });
            Ok(Some(footer))
        }
        Ok(None) | Err(_) => Err(damage),
    }
}
