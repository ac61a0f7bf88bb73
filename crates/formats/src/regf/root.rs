use crate::bytes::{i32_le, u16_le};

use super::base_block::{BASE_BLOCK_LEN, BaseBlock};
use super::cell::{Cell, CellOffset, Cells};
use super::error::{Error, Structure};
use super::fault::Faults;
use super::key_node::{KEY_HIVE_ENTRY, KeyNode};

/// Returns where the root key is: where the base block says, else the first allocated key node
/// that is marked as root, with a fault.
pub(super) fn find(
    bytes: &[u8],
    base: &BaseBlock,
    faults: &mut Faults,
) -> Result<CellOffset, Error> {
    let stated = base.root_cell;
    let mut trial = Faults::default();
    let at_stated = Cells::new(bytes).get(Structure::KeyNode, stated, &mut trial);
    if at_stated.is_some_and(|cell| KeyNode::read(&cell).is_ok()) {
        return Ok(stated);
    }
    let found = marked(bytes).ok_or(Error::NoRoot { stated })?;
    faults.push(Error::RootMoved { stated, found });
    Ok(found)
}

fn marked(bytes: &[u8]) -> Option<CellOffset> {
    let (places, _) = bytes.get(BASE_BLOCK_LEN..)?.as_chunks::<8>();
    let offsets = (0..u32::MAX).step_by(8).map(CellOffset);
    let candidates = places.iter().zip(offsets).filter(|(place, _)| is_marked(place));
    candidates.map(|(_, offset)| offset).find(|offset| {
        let cell = Cells::new(bytes).get(Structure::KeyNode, *offset, &mut Faults::default());
        cell.is_some_and(|cell: Cell<'_>| KeyNode::read(&cell).is_ok())
    })
}

/// Whether a cell's first bytes are those of an allocated key node marked as root.
fn is_marked(place: &[u8; 8]) -> bool {
    let allocated = i32_le(place, 0).is_some_and(|size| size < 0);
    let root = u16_le(place, 6).is_some_and(|flags| flags & KEY_HIVE_ENTRY != 0);
    allocated && root && place.get(4..6) == Some(b"nk")
}
