//! Lists of cell offsets: subkeys lists, key values lists, lists of segments.

use crate::bytes::u16_le;

use super::cell::{Cell, CellOffset, Cells};
use super::error::{Error, Structure};
use super::fault::Faults;

/// Signature and number of elements, in bytes.
const HEADER_LEN: usize = 4;

/// Returns the `count` offsets at the start of `cell`, fewer when it ends before.
pub(super) fn offsets(cell: &Cell<'_>, count: u32) -> impl Iterator<Item = CellOffset> {
    elements::<4>(cell.bytes).take(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Reads the first four bytes of each `LEN` bytes as an offset.
fn elements<const LEN: usize>(bytes: &[u8]) -> impl Iterator<Item = CellOffset> {
    let (elements, _) = bytes.as_chunks::<LEN>();
    elements
        .iter()
        .filter_map(|element| element.first_chunk())
        .map(|offset| CellOffset(u32::from_le_bytes(*offset)))
}

/// Appends the offsets of the key nodes in the subkeys list at `offset`, in stored order, until
/// `keys` holds `most`. What is wrong goes to `faults`. Returns the number of lists in the list.
pub(super) fn subkeys(
    cells: &Cells<'_>,
    offset: CellOffset,
    most: usize,
    faults: &mut Faults,
    keys: &mut Vec<CellOffset>,
) -> usize {
    let mut lists = Vec::new();
    let Some(cell) = list_cell(cells, offset, faults) else { return 0 };
    match cell.bytes.first_chunk() {
        // Source: regf spec, "Index root".
        Some(b"ri") => {
            let elements = faults.keep(elements_of::<4>(&cell));
            lists.extend(elements.into_iter().flatten().take(most));
        }
        _ => leaf(&cell, most, faults, keys),
    }
    let count = lists.len();
    for inner in lists {
        if keys.len() >= most {
            break;
        }
        match list_cell(cells, inner, faults) {
            // Source: regf spec, "Index root", note 1.
            Some(cell) if cell.bytes.starts_with(b"ri") => {
                faults.push(Error::IndexRoot { offset, inner });
            }
            Some(cell) => leaf(&cell, most, faults, keys),
            None => {}
        }
    }
    count
}

fn list_cell<'a>(cells: &Cells<'a>, offset: CellOffset, faults: &mut Faults) -> Option<Cell<'a>> {
    cells.get(Structure::SubkeyList, offset, faults)
}

// Source: regf spec, "Index leaf", "Fast leaf", "Hash leaf". Hints and hashes are not used.
fn leaf(cell: &Cell<'_>, most: usize, faults: &mut Faults, keys: &mut Vec<CellOffset>) {
    let room = most.saturating_sub(keys.len());
    let signature = cell.signature(Structure::SubkeyList);
    match faults.keep(signature).as_ref() {
        Some(b"li") => {
            keys.extend(faults.keep(elements_of::<4>(cell)).into_iter().flatten().take(room))
        }
        Some(b"lf" | b"lh") => {
            keys.extend(faults.keep(elements_of::<8>(cell)).into_iter().flatten().take(room));
        }
        Some(found) => faults.push(Error::RecordSignature {
            structure: Structure::SubkeyList,
            offset: cell.offset,
            found: *found,
        }),
        None => {}
    }
}

/// Returns the elements that a list's header counts; those that the cell's end cuts are missing,
/// which the count in the key node then shows.
fn elements_of<'a, const LEN: usize>(
    cell: &Cell<'a>,
) -> Result<impl Iterator<Item = CellOffset> + use<'a, LEN>, Error> {
    cell.window(Structure::SubkeyList, 0, HEADER_LEN)?;
    Ok(elements::<LEN>(cell.bytes.get(HEADER_LEN..).unwrap_or(&[])).take(count(cell)))
}

/// The lists that hold the first `elements` key nodes of the subkeys list at `offset`: their
/// offsets and how many bytes of each are read for that.
pub(super) fn lists(
    cells: &Cells<'_>,
    offset: CellOffset,
    elements: usize,
) -> Vec<(CellOffset, u64)> {
    let faults = &mut Faults::default();
    let Some(cell) = list_cell(cells, offset, faults) else { return Vec::new() };
    if !cell.bytes.starts_with(b"ri") {
        return vec![(offset, leaf_len(&cell, elements))];
    }
    let mut lists = Vec::new();
    let mut left = elements;
    for inner in elements_of::<4>(&cell).into_iter().flatten() {
        if left == 0 {
            break;
        }
        let cell = list_cell(cells, inner, faults);
        lists.extend(cell.map(|cell| (inner, leaf_len(&cell, left))));
        left = left.saturating_sub(cell.map_or(1, |cell| count(&cell).max(1)));
    }
    lists.push((offset, HEADER_LEN.saturating_add(lists.len().saturating_mul(4)) as u64));
    lists
}

fn leaf_len(cell: &Cell<'_>, elements: usize) -> u64 {
    let size = if cell.bytes.starts_with(b"li") { 4 } else { 8 };
    HEADER_LEN.saturating_add(count(cell).min(elements).saturating_mul(size)) as u64
}

/// How many elements a list says that it has.
fn count(list: &Cell<'_>) -> usize {
    usize::from(u16_le(list.bytes, 2).unwrap_or_default())
}
