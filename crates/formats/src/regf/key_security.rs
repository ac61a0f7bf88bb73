use crate::bytes::u32_le;

use super::cell::{CellOffset, Cells, Span};
use super::error::{Error, Structure};
use super::fault::Faults;

/// Length of the fields before the security descriptor, in bytes.
// Source: regf spec, "Key security".
pub(super) const DESCRIPTOR_AT: usize = 20;

/// Returns where the security descriptor of the key security item at `offset` is; `None` when
/// there is none or it cannot be read.
pub(super) fn descriptor(
    cells: &Cells<'_>,
    offset: CellOffset,
    faults: &mut Faults,
) -> Option<Span> {
    let structure = Structure::KeySecurity;
    if offset == CellOffset::NONE {
        return None;
    }
    let cell = cells.get(structure, offset, faults)?;
    faults.keep(cell.expect(structure, b"sk"))?;
    let fields = faults.keep(cell.window(structure, 0, DESCRIPTOR_AT))?;
    let stated = u32_le(fields, 16).unwrap_or_default();
    // Its length is kept in 16 bits by Windows.
    // Source: [MS-DTYP] 2.4.5, "ACL": AclSize, of which a descriptor has two at most.
    if stated > MOST_LEN {
        faults.push(Error::SecuritySize { offset, stated });
        return None;
    }
    let len = usize::try_from(stated).unwrap_or(usize::MAX);
    faults.keep(cell.window(structure, DESCRIPTOR_AT, len))?;
    Some(cell.span(DESCRIPTOR_AT, len))
}

/// Two lists of 65,535 bytes each, two identifiers of 68, and the header.
const MOST_LEN: u32 = 2 * 65535 + 2 * 68 + 20;
