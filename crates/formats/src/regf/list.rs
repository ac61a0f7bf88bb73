//! Lists of cell offsets: subkeys lists, key values lists, lists of segments.

use crate::bytes::u16_le;

use super::cell::{Cell, CellOffset, Cells};
use super::error::{Error, Structure};
use super::fault::Faults;

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
/// `keys` holds `most`. What is wrong goes to `faults`.
pub(super) fn subkeys(
    cells: &Cells<'_>,
    offset: CellOffset,
    most: usize,
    faults: &mut Faults,
    keys: &mut Vec<CellOffset>,
) {
    let mut lists = Vec::new();
    let Some(cell) = list_cell(cells, offset, faults) else { return };
    match cell.bytes.first_chunk() {
        // Source: regf spec, "Index root".
        Some(b"ri") => {
            let Some(elements) = faults.keep(elements_of::<4>(&cell)) else { return };
            lists.extend(elements.take(most));
        }
        _ => return leaf(&cell, most, faults, keys),
    }
    for inner in lists {
        if keys.len() >= most {
            return;
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
    let header = cell.window(Structure::SubkeyList, 0, 4)?;
    let count = usize::from(u16_le(header, 2).unwrap_or_default());
    Ok(elements::<LEN>(cell.bytes.get(4..).unwrap_or(&[])).take(count))
}
