use super::record::{Record, both_16};
use super::walk::Walk;
use super::{Error, rock_ridge};
use crate::bytes::{u32_be, u32_le, window};
use crate::walked::{self, Found};
use crate::{ReadAt, ReadAtExt};

/// A volume whose descriptors were read.
pub struct Volume<R> {
    pub(super) reader: R,
    block_size: u32,
    block_count: u64,
    /// The root directory of the tree that is walked.
    pub(super) root: Record,
    pub(super) names: Names,
    pub(super) warnings: Vec<Error>,
}

/// Where the names of files are from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// The records themselves.
    Plain,
    /// The records of the supplementary tree, in UCS-2.
    Joliet,
    /// The entries of Rock Ridge, behind so many bytes of each system use area.
    RockRidge(usize),
}

/// Length of a sector in bytes, and the first one with a volume descriptor (6.2.1).
pub(super) const SECTOR: u64 = 2048;
const FIRST: u64 = 16;
/// More descriptors than these are not looked at.
const MOST: u64 = 64;
/// Types of descriptors (8.1.1).
const PRIMARY: u8 = 1;
const SUPPLEMENTARY: u8 = 2;
const TERMINATOR: u8 = 255;
/// Where a descriptor has escape sequences, and those of UCS-2.
// Source: "Joliet Specification", "SVD Escape Sequences field".
const ESCAPES: usize = 88;
const UCS_2: [&[u8]; 3] = [b"%/@", b"%/C", b"%/E"];

impl<R: ReadAt> Volume<R> {
    /// Opens the volume that `reader` holds from its first to its last byte.
    ///
    /// # Errors
    /// When there is no primary volume descriptor, or it says what cannot be.
    pub fn open(reader: R) -> Result<Self, Error> {
        let (mut primary, mut joliet) = (None, None);
        for sector in FIRST..FIRST + MOST {
            let bytes = reader.read_vec_at(sector * SECTOR, SECTOR as usize)?;
            if window(&bytes, 1, 5) != Some(b"CD001") {
                break;
            }
            let is_ucs_2 = UCS_2.iter().any(|it| window(&bytes, ESCAPES, 3) == Some(*it));
            match bytes.first().copied() {
                Some(PRIMARY) if primary.is_none() => primary = Some((bytes, sector)),
                Some(SUPPLEMENTARY) if is_ucs_2 => joliet = joliet.or(Some((bytes, sector))),
                Some(TERMINATOR) => break,
                _ => {}
            }
        }
        let none = Error::Descriptor { field: "Volume Descriptor Type", found: 0 };
        let (primary, at) = primary.ok_or(none)?;
        let mut volume = Self::of_descriptor(reader, &primary, at)?;
        if let Some(skip) = volume.rock_ridge() {
            volume.names = Names::RockRidge(skip);
        } else if let Some((joliet, at)) = joliet {
            match Record::parse(root(&joliet), at * SECTOR + ROOT as u64) {
                Ok((root, _)) => (volume.root, volume.names) = (root, Names::Joliet),
                Err(error) => volume.warnings.push(error),
            }
        }
        if let Some((field, little, big)) = volume.root.doubt {
            volume.warnings.push(Error::Halves { field, little, big });
        }
        Ok(volume)
    }

    fn of_descriptor(reader: R, bytes: &[u8], sector: u64) -> Result<Self, Error> {
        let mut warnings = Vec::new();
        let mut agreed = |field, both: Option<(u64, u64)>| {
            let (little, big) = both.unwrap_or_default();
            if little != big {
                warnings.push(Error::Halves { field, little, big });
            }
            little
        };
        let block_size = agreed("Logical Block Size", both_16(bytes, 128));
        let blocks = || Some((u64::from(u32_le(bytes, 80)?), u64::from(u32_be(bytes, 84)?)));
        let block_count = agreed("Volume Space Size", blocks());
        if !block_size.is_power_of_two() || !(512..=2048).contains(&block_size) {
            return Err(Error::Descriptor { field: "Logical Block Size", found: block_size });
        }
        let (root, _) = Record::parse(root(bytes), sector * SECTOR + ROOT as u64)?;
        let block_size = block_size as u32;
        Ok(Self { reader, block_size, block_count, root, names: Names::Plain, warnings })
    }

    /// Whether the root directory's own record says that Rock Ridge is used, and how many bytes of each
    /// system use area are not its.
    fn rock_ridge(&self) -> Option<usize> {
        let at = self.root.block.checked_mul(self.block_size.into())?;
        let bytes = self.reader.read_vec_at(at, SECTOR as usize).ok()?;
        let (own, _) = Record::parse(&bytes, at).ok()?;
        rock_ridge::skip(&own.system_use)
    }
}

/// Where the record of the root directory is in a descriptor (8.4.18).
const ROOT: usize = 156;

fn root(descriptor: &[u8]) -> &[u8] {
    window(descriptor, ROOT, 34).unwrap_or_default()
}

impl<R: ReadAt> walked::Volume for Volume<R> {
    fn block_size(&self) -> u32 {
        self.block_size
    }

    fn block_count(&self) -> u64 {
        self.block_count
    }

    /// None: a volume that is made anew is another one.
    fn serial(&self) -> u64 {
        0
    }

    fn walk(&self, found: &mut dyn FnMut(Found)) {
        Walk::new(self, found).run();
    }
}
