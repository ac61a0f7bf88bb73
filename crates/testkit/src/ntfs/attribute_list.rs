//! Attribute lists ("$ATTRIBUTE_LIST" of the Linux-NTFS documentation).

use super::{Attribute, Reference, put};

/// Returns the list's entry for an attribute with this id in that record.
pub fn entry(attribute: &Attribute, id: u16, record: Reference) -> Vec<u8> {
    let name = put::utf16(&attribute.name);
    let mut bytes = vec![0; 0x1A];
    put::u32(&mut bytes, 0, attribute.kind);
    bytes[6] = u8::try_from(name.len() / 2).expect("short name");
    bytes[7] = 0x1A;
    put::u64(&mut bytes, 8, attribute.lowest_vcn);
    put::u64(&mut bytes, 0x10, record.raw());
    put::u16(&mut bytes, 0x18, id);
    bytes.extend(name);
    put::pad8(&mut bytes);
    let len = u16::try_from(bytes.len()).expect("short name");
    put::u16(&mut bytes, 4, len);
    bytes
}
