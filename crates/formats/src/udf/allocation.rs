use super::Error;
use super::descriptor::{identifier, tag};
use super::volume::Space;
use crate::bytes::{u16_le, u32_le, window};
use crate::{Extents, Run};

/// The form of allocation descriptors.
// Source: ECMA-167 4/14.6.8, flags 0 to 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Short,
    Long,
    Extended,
}

/// Where an extent begins, and how long it is in bytes.
// Source: ECMA-167 4/14.14.2, long_ad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    pub len: u32,
    pub block: u32,
    pub partition: u16,
    /// Its type, of which only those of contents matter.
    pub kind: u8,
}

/// Types of extents (4/14.14.1.1).
const RECORDED: u8 = 0;
const CONTINUED: u8 = 3;
/// The upper two bits of a length are the type.
const LEN: u32 = 0x3FFF_FFFF;
/// Length of an allocation extent descriptor (4/14.5).
const HEADER: usize = 24;

impl Extent {
    /// A long allocation descriptor.
    pub fn long(bytes: &[u8], at: usize) -> Option<Self> {
        let (raw, block) = (u32_le(bytes, at)?, u32_le(bytes, at + 4)?);
        let partition = u16_le(bytes, at + 8)?;
        Some(Self { len: raw & LEN, block, partition, kind: (raw >> 30) as u8 })
    }
}

impl Form {
    fn len(self) -> usize {
        match self {
            Self::Short => 8,
            Self::Long => 16,
            Self::Extended => 20,
        }
    }

    /// A descriptor of this form, in a partition.
    fn extent(self, bytes: &[u8], partition: u16) -> Option<Extent> {
        match self {
            Self::Short => {
                let (raw, block) = (u32_le(bytes, 0)?, u32_le(bytes, 4)?);
                Some(Extent { len: raw & LEN, block, partition, kind: (raw >> 30) as u8 })
            }
            Self::Long => Extent::long(bytes, 0),
            Self::Extended => {
                let raw = u32_le(bytes, 0)?;
                let (block, partition) = (u32_le(bytes, 12)?, u16_le(bytes, 16)?);
                Some(Extent { len: raw & LEN, block, partition, kind: (raw >> 30) as u8 })
            }
        }
    }
}

/// Where a content of `len` bytes lies, whose descriptors are of that form and begin with `descriptors`,
/// in a partition. Runs are in bytes.
///
/// # Errors
/// When they end before the content does, or lead outside.
pub(super) fn extents(
    space: &Space<'_>,
    form: Form,
    descriptors: &[u8],
    partition: u16,
    len: u64,
) -> Result<Extents, Error> {
    let mut runs: Vec<Run> = Vec::new();
    let mut end = 0u64;
    let mut part = descriptors.to_vec();
    // One content may not take what all may: no more descriptors, and blocks of them, than the volume
    // has blocks.
    let mut left = space.reader.len() / 512 + 64;
    let mut spend = |count| {
        left =
            u64::checked_sub(left, count).ok_or(Error::Allocation { what: "they do not end" })?;
        Ok::<_, Error>(())
    };
    loop {
        let mut next = None;
        for descriptor in part.chunks_exact(form.len()) {
            spend(1)?;
            let extent = form.extent(descriptor, partition).unwrap_or_default();
            if extent.len == 0 || end >= len {
                break;
            }
            if extent.kind == CONTINUED {
                next = Some(extent);
                break;
            }
            add(space, &mut runs, &mut end, extent)?;
        }
        match next {
            Some(extent) if end < len => {
                spend(extent.len.div_ceil(space.block_size).into())?;
                part = continued(space, extent)?;
            }
            _ => break,
        }
    }
    if end < len {
        return Err(Error::Allocation { what: "they end before the content does" });
    }
    Ok(Extents { runs, cluster_size: 1, data_size: len, initialized_size: len, unit_clusters: 0 })
}

fn add(space: &Space<'_>, runs: &mut Vec<Run>, end: &mut u64, extent: Extent) -> Result<(), Error> {
    let mut left = u64::from(extent.len);
    let mut push = |lcn: Option<u64>, count: u64| {
        match runs.last_mut() {
            Some(run) if run.lcn.map(|start| start + run.clusters) == lcn => run.clusters += count,
            _ => runs.push(Run { vcn: *end, lcn, clusters: count }),
        }
        *end += count;
    };
    if extent.kind != RECORDED {
        space.spend(1)?;
        push(None, left);
        return Ok(());
    }
    for (start, count) in space.pieces(extent)? {
        let size = u64::from(space.block_size);
        let here = left.min(count.saturating_mul(size));
        push(Some(start.saturating_mul(size)), here);
        left -= here;
    }
    Ok(())
}

/// The descriptors in an extent that goes on with them.
// Source: ECMA-167 4/14.5, "Allocation Extent Descriptor".
fn continued(space: &Space<'_>, extent: Extent) -> Result<Vec<u8>, Error> {
    let (bytes, _) = space.read(extent)?;
    let wrong = Error::Allocation { what: "where they go on there are none" };
    if identifier(&bytes) != Some(tag::ALLOCATION_EXTENT) {
        return Err(wrong);
    }
    let len = u32_le(&bytes, 20).and_then(|len| usize::try_from(len).ok());
    let found = len.and_then(|len| window(&bytes, HEADER, len));
    found.map(<[u8]>::to_vec).ok_or(wrong)
}
