use crate::bytes::{u16_le, u32_le};

use super::cell::{Cell, CellOffset, Cells, Span};
use super::error::{Error, Structure};
use super::fault::Faults;
use super::list;

/// The most bytes of data that a segment holds; only longer data are divided.
// Source: regf spec, "Big data".
const SEGMENT_LEN: u32 = 16344;

/// Length of the record, in bytes.
const HEADER_LEN: usize = 8;

/// Whether data of `len` bytes are kept in segments in this minor version.
// Source: regf spec, "Big data": versions below 1.4 keep data of any length in one cell.
pub(super) fn divides(len: u32, minor_version: u32) -> bool {
    const FIRST_VERSION: u32 = 4;
    len > SEGMENT_LEN && minor_version >= FIRST_VERSION
}

/// Returns where the `len` bytes of data are that the big data record in `cell` leads to; fewer
/// when some are missing, with faults.
pub(super) fn segments(
    cells: &Cells<'_>,
    cell: &Cell<'_>,
    len: u32,
    faults: &mut Faults,
) -> Vec<Span> {
    let mut spans = Vec::new();
    let Some(offsets) = segment_list(cells, cell, len, faults) else { return spans };
    let mut left = len;
    for offset in offsets {
        if left == 0 {
            break;
        }
        let Some(segment) = cells.get(Structure::Segment, offset, faults) else { break };
        let wanted = left.min(SEGMENT_LEN);
        let there = usize::try_from(wanted).unwrap_or(usize::MAX).min(segment.bytes.len());
        spans.push(segment.span(0, there));
        let there = u32::try_from(there).unwrap_or(wanted);
        left = left.saturating_sub(there);
        if there < wanted {
            break;
        }
    }
    if left > 0 {
        let found = len.saturating_sub(left);
        faults.push(Error::DataShort { offset: cell.offset, stated: len, found });
    }
    spans
}

fn segment_list(
    cells: &Cells<'_>,
    cell: &Cell<'_>,
    len: u32,
    faults: &mut Faults,
) -> Option<Vec<CellOffset>> {
    let header = faults.keep(cell.window(Structure::BigData, 0, HEADER_LEN))?;
    let count = u32::from(u16_le(header, 2)?).min(len.div_ceil(SEGMENT_LEN));
    let list = cells.get(Structure::BigData, CellOffset(u32_le(header, 4)?), faults)?;
    Some(list::offsets(&list, count).collect())
}

/// The big data record at `offset` and its list of that many segments: their offsets and lengths
/// in bytes.
pub(super) fn records(
    cells: &Cells<'_>,
    offset: CellOffset,
    segments: usize,
) -> impl Iterator<Item = (CellOffset, u64)> {
    let cell = cells.get(Structure::BigData, offset, &mut Faults::default());
    let list = cell.and_then(|cell| u32_le(cell.bytes, 4)).map(CellOffset);
    let list = list.map(|list| (list, (segments as u64).saturating_mul(4)));
    std::iter::once((offset, HEADER_LEN as u64)).chain(list)
}
