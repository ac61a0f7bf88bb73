use crate::bytes::i32_le;

use super::base_block::{BASE_BLOCK_LEN, BaseBlock};
use super::cell::{CellOffset, Cells};
use super::error::{Error, Structure};
use super::fault::Faults;
use super::key_node::{KEY_HIVE_ENTRY, KeyNode};

/// Returns where the root key is: where the base block says, else the first allocated key node
/// that is marked as root, else the first key node whose parent is none, allocated if there is
/// such a one; with a fault unless it is the first of these.
pub(super) fn find(
    bytes: &[u8],
    base: &BaseBlock,
    faults: &mut Faults,
) -> Result<CellOffset, Error> {
    let stated = base.root_cell;
    if key_node(bytes, stated).is_some() {
        return Ok(stated);
    }
    let is_root = |node: &KeyNode| node.flags & KEY_HIVE_ENTRY != 0;
    if let Some(found) = key_nodes(bytes, true).find(is_root).map(|node| node.offset) {
        faults.push(Error::RootMoved { stated, found });
        return Ok(found);
    }
    let top = |allocated| {
        key_nodes(bytes, allocated).find(move |node| key_node(bytes, node.parent).is_none())
    };
    let found = top(true).or_else(|| top(false)).ok_or(Error::NoRoot { stated })?.offset;
    faults.push(Error::RootLost { stated, found });
    Ok(found)
}

fn key_node(bytes: &[u8], offset: CellOffset) -> Option<KeyNode> {
    let cell = Cells::new(bytes).get(Structure::KeyNode, offset, &mut Faults::default())?;
    KeyNode::read(&cell).ok()
}

/// All that can be read as a key node with a name, in cells that are allocated or free.
fn key_nodes(bytes: &[u8], allocated: bool) -> impl Iterator<Item = KeyNode> {
    let (places, _) = bytes.get(BASE_BLOCK_LEN..).unwrap_or_default().as_chunks::<8>();
    let offsets = (0..u32::MAX).step_by(8).map(CellOffset);
    let looks_right = move |place: &[u8; 8]| {
        let is_allocated = i32_le(place, 0).is_some_and(|size| size < 0);
        is_allocated == allocated && place.get(4..6) == Some(b"nk")
    };
    let nodes = places.iter().zip(offsets).filter(move |(place, _)| looks_right(place));
    let nodes = nodes.filter_map(|(_, offset)| key_node(bytes, offset));
    nodes.filter(|node| node.name.len > 0)
}
